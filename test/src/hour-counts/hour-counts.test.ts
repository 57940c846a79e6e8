import t, { type Test } from 'tap'
import { announceChange, everyUser } from '../../../src/store/batches.ts'
import { forgetHours, hoursReached, storeHours } from '../../../src/hour-counts/table.ts'
import { divideLogs } from '../../../src/retention/partitions/partitions.ts'
import { deleteExpiredLogs } from '../../../src/retention/worker.ts'
import { Overtaken } from '../../../src/cluster/progress.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http } from '../../helpers/http.ts'
import { pick, seeded, whole } from '../../helpers/random.ts'
import { apiKey, basic, createUser, log, send } from '../../helpers/service.ts'

/** Another seed gives other logs: LOGGER_TEST_SEED. */
const seed = Number(process.env.LOGGER_TEST_SEED ?? 11)
const random = seeded(seed)

const levels = ['debug', 'info', 'warning', 'error', 'critical'] as const
const hour = 3_600_000
const two = (number: number) => String(number).padStart(2, '0')

for (const database of databases) {
  t.test(`the counts by the hour on ${database.name}, seed ${seed}`, async (t) => {
    const service = await startEmbedded(t, await database.createMigrated(t))
    const { knex } = service
    const tokens: Record<string, string> = { alice: await createUser(service, 'alice'), bob: await createUser(service, 'bob') }
    const ids: Record<string, number> = Object.fromEntries((await knex('users').select('id', 'username')).map(({ id, username }) => [username, id]))

    async function write (batches: number): Promise<void> {
      for (let n = 0; n < batches; n++) {
        const name = pick(random, Object.keys(tokens))
        const { status } = await send(service, name, tokens[name]!, Array.from({ length: 1 + whole(random, 20) }, () => log({
          level: pick(random, levels),
          // Most in a few days, with long gaps and on the edges of hours; a few of another age.
          event_at: whole(random, 60) === 0
            ? pick(random, ['1000-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T22:59:59.999999Z', '9999-12-31T23:59:59.999999Z'])
            : `2026-${two(1 + whole(random, 2))}-${two(pick(random, [1, 1, 2, 2, 3, 20]))}T${two(pick(random, [0, 1, 2, 3, 12, 23]))}:${pick(random, ['00:00', '59:59.999999', `${two(whole(random, 60))}:00`])}Z`
        })))
        if (status !== 200) throw new Error(`send answered ${status}`)
      }
    }

    /** What the table itself says. */
    async function expected (user: string | undefined, from: string, to: string, interval: number, of: readonly string[]): Promise<Array<[string, string, number]>> {
      const rows = await knex('user_logs').select('log_event_at', 'log_level').whereIn('log_level', of).where('log_event_at', '>=', sql(from)).where('log_event_at', '<', sql(to))
        .modify((query) => { if (user !== undefined) query.where('user_id', ids[user]!) })
      const totals = new Map<string, number>()
      for (const { log_event_at: at, log_level: level } of rows) {
        const bucket = Math.floor(Date.parse(`${at.replace(' ', 'T')}Z`) / interval) * interval
        const key = `${new Date(bucket).toISOString()} ${level}`
        totals.set(key, (totals.get(key) ?? 0) + 1)
      }
      return [...totals].map(([key, count]): [string, string, number] => [...key.split(' ') as [string, string], count]).sort()
    }

    const sql = (time: string) => `${time.slice(0, 19).replace('T', ' ')}.000000`

    async function histogram (user: string | undefined, parameters: Record<string, string>): Promise<Array<[string, string, number]>> {
      const { status, body } = await http(service.port, 'GET', `/api/logs/histogram?${new URLSearchParams({ by: 'level', ...parameters, ...user !== undefined && { user } })}`, { 'x-api-key': apiKey })
      if (status !== 200) throw new Error(body)
      const { buckets, complete } = JSON.parse(body)
      if (!complete) throw new Error('not complete')
      return buckets.flatMap(({ at, by }: { at: string, by: Record<string, number> }) => Object.entries(by).map(([level, count]) => [new Date(at).toISOString(), level, count])).sort()
    }

    const spans: Array<[from: string, to: string, interval: string, length: number]> = [
      ['2026-01-01T00:00:00Z', '2026-02-28T00:00:00Z', '1h', hour],
      ['2026-01-01T01:30:00Z', '2026-01-03T12:00:01Z', '1h', hour],
      ['2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z', '1d', 24 * hour],
      ['1000-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '36500d', 36_500 * 24 * hour]
    ]

    const queries: Array<[query: string, of: readonly string[]]> = [['', levels], ['level:>=error', ['error', 'critical']], ['NOT level:info', levels.filter((level) => level !== 'info')]]
    let turn = 0

    /** Of every span one's and everybody's, by the next query each time. */
    async function compare (t: Test, what: string): Promise<void> {
      for (const [from, to, interval, length] of spans) {
        for (const user of ['alice', undefined]) {
          const [query, of] = queries[turn++ % queries.length]!
          t.strictSame(await histogram(user, { from, to, interval, query }), await expected(user, from, to, length, of), `${what}: ${user ?? 'everybody'}, ${interval} from ${from}, ${query}`)
        }
      }
    }

    async function rows (): Promise<number> {
      const [row] = await knex('hour_counts').count({ count: '*' })
      return Number(row!.count)
    }

    const countNow = () => service.app.hourCounts.runNow()

    await t.test('before anything is counted, and after', async (t) => {
      await write(60)
      await compare(t, 'nothing counted')
      await countNow()
      t.ok(await rows() > 20, 'hours are counted')
      await compare(t, 'all counted')
    })

    await t.test('an answer comes from the counts', async (t) => {
      await knex('hour_counts').where('user_id', ids.alice!).increment('error', 1000)
      const [from, to, interval] = spans[0]!
      t.ok((await histogram('alice', { from, to, interval })).some(([, level, count]) => level === 'error' && count > 1000))
      await knex('hour_counts').where('user_id', ids.alice!).decrement('error', 1000)
    })

    await t.test('logs that come late count at once, and for ever', async (t) => {
      await write(10)
      await compare(t, 'not looked at')
      await countNow()
      await compare(t, 'counted again')
    })

    await t.test('an earlier view has none of the logs that were stored and counted since', async (t) => {
      const [from, to, interval] = spans[0]!
      const { asOf } = JSON.parse((await http(service.port, 'GET', '/api/logs?limit=1', basic('alice'))).body)
      const before = await histogram('alice', { from, to, interval, asOf })
      await write(20)
      await countNow()
      t.strictSame(await histogram('alice', { from, to, interval, asOf }), before)
      t.strictNotSame(await histogram('alice', { from, to, interval }), before)
      await compare(t, 'stored since')
    })

    await t.test('what a user deletes is gone from the counts at once', async (t) => {
      const asked = new URLSearchParams({ query: 'level:error OR user:bob', from: '2026-01-01T00:00:00Z', to: '2026-02-03T00:00:00Z' })
      await createUser(service, 'admin')
      await knex('users').where('username', 'admin').update({ admin: true })
      const { confirm } = JSON.parse((await http(service.port, 'DELETE', `/api/logs?${asked}`, basic('admin'))).body)
      const { deleted } = JSON.parse((await http(service.port, 'DELETE', `/api/logs?${asked}&confirm=${confirm}`, basic('admin'))).body)
      t.ok(deleted > 0)
      await compare(t, 'deleted')
      await countNow()
      await compare(t, 'deleted, counted again')
    })

    await t.test('what retention lets go is gone from the counts at once', async (t) => {
      await write(20)
      await countNow()
      const before = await knex('user_logs').count({ count: '*' }).first()
      t.ok(await deleteExpiredLogs(knex, { days: 0, rows: Math.floor(Number(before!.count) / 2) }) > 0)
      await compare(t, 'let go')
      await countNow()
      await compare(t, 'let go, counted again')
    })

    if (database.name !== 'SQLite') {
      await t.test('so is what goes with a partition', async (t) => {
        await divideLogs(knex)
        await write(20)
        await countNow()
        const gone = await deleteExpiredLogs(knex, { days: 0, rows: 10 })
        t.ok(gone > 0)
        await compare(t, 'partitions dropped')
        await countNow()
        await compare(t, 'partitions dropped, counted again')
      })
    }

    await t.test('a change that is announced for all users is believed of each', async (t) => {
      await write(10)
      await countNow()
      await announceChange(knex, everyUser, '2026-01-01 00:00:00.000000', '2026-02-28 00:00:00.000000')
      await knex('user_logs').where('log_level', 'debug').whereBetween('log_event_at', ['2026-01-01 00:00:00.000000', '2026-02-28 00:00:00.000000']).delete()
      await compare(t, 'announced')
      await countNow()
      await compare(t, 'announced, counted again')
    })

    await t.test('an instance that was overtaken stores nothing', async (t) => {
      const reached = await hoursReached(knex)
      const before = await rows()
      await t.rejects(storeHours(knex, ids.alice!, [{ hour: '2020-01-01 00:00:00.000000', until: '2020-01-01 01:00:00.000000', counts: { debug: 1, info: 0, warning: 0, error: 0, critical: 0 } }], '2020-01-01 00:00:00.000000'), new Overtaken())
      await t.rejects(forgetHours(knex, [{ userId: everyUser, from: '1000-01-01 00:00:00.000000', to: '9999-12-31 23:00:00.000000' }], { from: '2020-01-01 00:00:00.000000', to: '2020-01-02 00:00:00.000000' }), new Overtaken())
      t.equal(await rows(), before)
      t.equal(await hoursReached(knex), reached)
    })

    await t.test('counts that are too far behind are made anew', async (t) => {
      await knex('hour_counts_progress').update({ reached_at: '2020-01-01 00:00:00.000000' })
      await knex('hour_counts').increment('error', 1000)
      await knex('hour_counts').insert({ user_id: 99, hour: '2026-01-01 00:00:00.000000', until: '2026-01-01 01:00:00.000000', debug: 1, info: 1, warning: 1, error: 1, critical: 1 })
      await compare(t, 'too far behind')
      await countNow()
      t.strictSame(await knex('hour_counts').where('user_id', 99), [], 'those of a host app\'s own users, too')
      await compare(t, 'made anew')
      t.ok(await rows() > 0)
    })
  })
}
