import t from 'tap'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService } from '../../helpers/service.ts'

const minute = 60_000
const day = 24 * 60 * minute
const now = Date.now()
const at = (time: number) => new Date(time).toISOString()

/** Times of senders with a wrong clock, and of one with the right clock. */
const past = ['1000-01-01T00:00:00Z', '1970-01-01T00:00:01Z', '1970-01-01T00:00:02Z']
const future = ['2090-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z']
const present = [0, 1, 50, 110].map((minutes) => at(now - minutes * minute))

interface Histogram {
  interval: number
  buckets: Array<{ at: string, count: number, by?: Record<string, number> }>
  outside?: { before: number, after: number }
}

for (const database of databases) {
  t.test(`times that are far from now on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const tokens: Record<string, string> = {}
    for (const name of ['al', 'bo', 'root', 'old']) tokens[name] = await createUser(service, name)
    await service.knex('users').where('username', 'root').update({ admin: true })
    const write = (user: string, times: string[]) => send(service, user, tokens[user]!, times.map((time) => log({ msg: `of ${time}`, event_at: time })))
    await write('al', [...past, ...present, ...future])
    await write('bo', present.slice(0, 2))

    async function get<T> (path: string, user: string): Promise<T> {
      const { status, body } = await http(service.port, 'GET', path, basic(user))
      if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
      return JSON.parse(body)
    }
    const histogram = (parameters: string, user: string) => get<Histogram>(`/api/logs/histogram?${parameters}`, user)
    const sum = ({ buckets }: Histogram) => buckets.reduce((total, { count }) => total + count, 0)
    const page = (parameters: string, user: string) => get<{ logs: Array<{ message: string }>, cursor?: string, outside?: { before: number, after: number } }>(`/api/logs?${parameters}`, user)
    const messages = ({ logs }: { logs: Array<{ message: string }> }) => logs.map(({ message }) => message.slice(3))

    await t.test('do not spoil a histogram without times, and are counted', async (t) => {
      for (const [user, expected] of [['al', 4], ['root', 6]] as const) {
        for (const parameters of ['', 'by=level', 'interval=1h', 'query=of']) {
          const found = await histogram(parameters, user)
          t.equal(sum(found), expected, `${user} ${parameters}`)
          t.ok(found.interval <= 3600 && found.buckets.length <= 61)
          t.strictSame(found.outside, { before: 3, after: 2 })
        }
      }
      const bo = await histogram('', 'bo')
      t.equal(sum(bo), 2)
      t.notOk('outside' in bo, 'missing where there are none')
    })

    await t.test('are found where a request gives times', async (t) => {
      t.equal(sum(await histogram('from=1000-01-01&to=9999-12-31T23:59:59.999999Z&interval=36500d', 'al')), 8)
      t.equal(sum(await histogram('from=1000-01-01&interval=365d', 'al')), 7)
      t.equal(sum(await histogram('from=2080-01-01&interval=36500d', 'al')), 2)
      t.equal(sum(await histogram('to=1980-01-01&interval=36500d', 'al')), 3)
      t.strictSame(messages(await page('from=2080-01-01', 'al')), future.toReversed())
      t.strictSame(messages(await page('to=9999-01-01&limit=1', 'al')), [future[0]])
      t.strictSame(messages(await page('to=1980-01-01', 'al')), past.toReversed())
      t.strictSame(messages(await page('order=oldest', 'al')), [...past, ...present.toReversed(), ...future])
    })

    await t.test('do not stand on the newest page', async (t) => {
      const first = await page('limit=3', 'al')
      t.strictSame(messages(first), present.slice(0, 3))
      t.strictSame(first.outside, { before: 0, after: 2 })
      t.strictSame(messages(await page(`limit=10&cursor=${first.cursor}`, 'al')), [present[3]!, ...past.toReversed()], 'the rest follows to its end')
      t.strictSame(messages(await page('limit=2', 'root')), [present[0], present[0]])
      t.notOk('outside' in await page('', 'bo'))
    })

    await t.test('of one user are left out of what administrators see, even a day apart', async (t) => {
      const long = Array.from({ length: 800 }, (_, n) => at(now - (n + 1) * 10 * day))
      await write('old', [present[0]!, ...long])
      const all = await histogram('', 'root')
      t.ok(all.interval <= day / 1000, `intervals of ${all.interval} s`)
      t.ok(all.outside!.before >= 790)
      const own = await histogram('', 'old')
      t.equal(sum(own), 801, 'their own history is whole')
    })

    await t.test('are shown where there are no other logs', async (t) => {
      await service.knex('user_logs').where('log_event_at', '>', '2000-01-01').where('log_event_at', '<', '2080-01-01').delete()
      const found = await histogram('', 'al')
      t.equal(sum(found), 5)
      t.notOk('outside' in found)
      t.strictSame(messages(await page('', 'al')), [...future.toReversed(), ...past.toReversed()])
      const empty = await histogram('', 'bo')
      t.equal(sum(empty), 0)
      t.ok(empty.buckets.length >= 60 && empty.buckets.length <= 61)
    })
  })
}
