import t from 'tap'
import { utcTime } from '../src/record.ts'
import { takeLease } from '../src/store/leases.ts'
import { letGo } from '../src/store/retention.ts'
import { loggerbot } from './helpers/command.ts'
import { databases, environmentOf } from './helpers/databases.ts'
import { createUser, log, send, startService, stored } from './helpers/service.ts'

const day = 86_400_000
const { signal } = new AbortController()

for (const database of databases) {
  t.test(`retention on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { knex } = service
    const tokens = { alice: await createUser(service, 'alice'), bob: await createUser(service, 'bob') }
    const messages = async () => (await stored(knex)).map(({ log_msg: message }) => message)

    /** A log that happened and arrived so many days ago. */
    async function insert (user: 'alice' | 'bob', msg: string, happened: number, arrived: number): Promise<void> {
      await send(service, user, tokens[user], [log({ msg })])
      const time = utcTime(Date.now() - happened * day)
      const id = (BigInt(Date.now() - arrived * day) << 16n) + BigInt(Math.floor(Math.random() * 65536))
      await knex('user_logs').where('log_msg', msg).update({ log_event_at: time, id: id.toString() })
    }

    await t.test('keeps everything where nothing is said', async (t) => {
      await insert('alice', 'ancient', 20_000, 1000)
      t.equal(await letGo(knex, { days: 0, rows: 0 }, signal), 0)
    })

    await t.test('lets go by age, late and future logs by their arrival', async (t) => {
      await insert('alice', 'old', 31, 31)
      await insert('alice', 'young', 29, 29)
      await insert('alice', 'of 1970, arrived lately', 20_000, 1)
      await insert('alice', 'of the future, arrived long ago', -100_000, 31)
      await insert('alice', 'of the future, arrived lately', -100_000, 1)
      t.equal(await letGo(knex, { days: 30, rows: 0 }, signal), 3)
      t.strictSame((await messages()).sort(), ['of 1970, arrived lately', 'of the future, arrived lately', 'young'])
    })

    await t.test('a user\'s own number of days goes before the default, 0 is for ever', async (t) => {
      await insert('bob', 'of bob', 400, 400)
      const env = { ...environmentOf(service.options), LOGGER_RETENTION_DAYS: '30' }
      t.equal((await loggerbot(['user', 'retention', 'bob', '0'], { env })).stdout, 'the logs of bob are kept for ever\n')
      t.match((await loggerbot(['retention', '--dry-run'], { env })).stdout, 'USER   KEPT       WOULD GO\nalice  30 days           0\nbob    for ever          0\n')
      await loggerbot(['user', 'retention', 'bob', '7'], { env })
      t.match((await loggerbot(['retention', '--dry-run'], { env })).stdout, /^bob {4}7 days {12}1$/m)
      t.ok((await messages()).includes('of bob'), 'a dry run lets none go')
      t.match(await loggerbot(['retention'], { env }), { code: 0, stdout: '1 logs were let go\n' })
      t.notOk((await messages()).includes('of bob'))
      t.match(await loggerbot(['user', 'retention', 'bob', 'long'], { env }), { code: 2 })
      t.match(await loggerbot(['user', 'retention', 'nobody', '7'], { env }), { code: 1, stderr: 'loggerbot: there is no user nobody\n' })
    })

    await t.test('keeps no more logs than the limit says, the newest of all users', async (t) => {
      await knex('user_logs').delete()
      for (const [index, user] of (['alice', 'bob', 'alice', 'bob'] as const).entries()) {
        await send(service, user, tokens[user], Array.from({ length: 1500 }, (_, n) => log({ msg: `${index}`, event_at: new Date(Date.UTC(2026, 0, 1 + index) + n).toISOString() })))
      }
      t.equal(await letGo(knex, { days: 0, rows: 2500 }, signal), 3500)
      const left = await messages()
      t.equal(left.length, 2500)
      t.ok(left.filter((message) => message < '2').length < 100)
      t.equal(left.filter((message) => message === '3').length, 1500)
    })

    await t.test('one instance does it at a time', async (t) => {
      t.ok(await takeLease(knex, 'retention', 'another', 60))
      t.equal(await letGo(knex, { days: 0, rows: 1 }, signal), 0)
      t.ok(await takeLease(knex, 'retention', 'another', -1), 'its own can be renewed')
      t.equal(await letGo(knex, { days: 0, rows: 1 }, signal), 2499, 'one that ran out is free')
    })
  })
}
