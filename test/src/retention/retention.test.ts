import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { connect } from '../../../src/store/connect.ts'
import { dialectOf } from '../../../src/store/dialects/index.ts'
import { dropWhole, findExpired } from '../../../src/retention/partitions/drop.ts'
import { limitAlongKey, listPartitions } from '../../../src/retention/partitions/partitions.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { takeLease } from '../../../src/cluster/leases.ts'
import type { Retention } from '../../../src/retention/retention.ts'
import { deleteExpiredLogs } from '../../../src/retention/worker.ts'
import { purgeAudit } from '../../../src/store/audit.ts'
import { loggerbot } from '../../helpers/command.ts'
import { mysql as mysqlKind } from '../../helpers/servers.ts'
import { databases, environmentOf, mariadb, mysql, sqlite, type TestDatabase } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http } from '../../helpers/http.ts'
import { basic, count, createUser, log, send, startService, stored } from '../../helpers/service.ts'

const day = 86_400_000
const { signal } = new AbortController()

type Name = 'alice' | 'bob'

/** A service with two users, and ways to put logs of any age into it. */
async function startKeeping (t: Test, database: TestDatabase) {
  const service = await startEmbedded(t, await database.createMigrated(t))
  const { app, knex } = service
  const tokens = { alice: await createUser(service, 'alice'), bob: await createUser(service, 'bob') }
  // After this the server deletes nothing for an hour: the run at its start is over, too.
  await app.logRetention.runNow()

  return {
    service,
    knex,
    tokens,
    messages: async () => (await stored(knex)).map(({ log_msg: message }) => message),

    /** Inserts a log by the days since it happened, and since it arrived. */
    async insert (user: Name, msg: string, happened: number, arrived: number): Promise<void> {
      await send(service, user, tokens[user], [log({ msg })])
      const time = utcTime(Date.now() - happened * day)
      const id = (BigInt(Date.now() - arrived * day) << 16n) + BigInt(Math.floor(Math.random() * 65536))
      await knex('user_logs').where('log_msg', msg).update({ log_event_at: time, id: id.toString() })
    }
  }
}

for (const database of databases) {
  t.test(`retention on ${database.name}`, async (t) => {
    const { service, knex, tokens, messages, insert } = await startKeeping(t, database)

    await t.test('deletes old entries of the audit, and no others', async (t) => {
      const border = utcTime(Date.now() - 730 * day)
      const entry = (time: string, action: string) => ({ created_at: time, caller: 'boss', action, detail: '{}', logs: 0 })
      await knex('audit').delete()
      await knex.batchInsert('audit', [
        ...Array.from({ length: 2100 }, () => entry('2020-01-01 00:00:00.000000', 'old')), entry(border, 'border'), entry(utcTime(), 'new')
      ], 100)
      const actions = () => knex('audit').orderBy('id').pluck('action')
      await purgeAudit(knex, border)
      t.strictSame(await actions(), ['border', 'new'])
      await purgeAudit(knex, border)
      t.strictSame(await actions(), ['border', 'new'])
    })

    await t.test('keeps everything where nothing is said', async (t) => {
      await insert('alice', 'ancient', 20_000, 1000)
      t.equal(await deleteExpiredLogs(knex, { days: 0, rows: 0 }), 0)
    })

    await t.test('lets go by age, late and future logs by their arrival', async (t) => {
      await insert('alice', 'old', 31, 31)
      await insert('alice', 'young', 29, 29)
      await insert('alice', 'of 1970, arrived lately', 20_000, 1)
      await insert('alice', 'of the future, arrived long ago', -100_000, 31)
      await insert('alice', 'of the future, arrived lately', -100_000, 1)
      t.equal(await deleteExpiredLogs(knex, { days: 30, rows: 0 }), 3)
      t.strictSame((await messages()).sort(), ['of 1970, arrived lately', 'of the future, arrived lately', 'young'])
    })

    await t.test('a user\'s own number of days goes before the default, 0 is for ever', async (t) => {
      await insert('bob', 'of bob', 400, 400)
      const env = { ...environmentOf(service.options), LOGGER_RETENTION_DAYS: '30' }
      t.equal((await loggerbot(['user', 'retention', 'bob', '0'], { env })).stdout, 'the logs of bob are kept for ever\n')
      t.match((await loggerbot(['retention', '--dry-run'], { env })).stdout, 'USER   KEPT      EXPIRED\nalice  30 days         0\nbob    for ever        0\n')
      await loggerbot(['user', 'retention', 'bob', '7'], { env })
      t.match((await loggerbot(['retention', '--dry-run'], { env })).stdout, /^bob {4}7 days {9}1$/m)
      t.ok((await messages()).includes('of bob'), 'a dry run lets none go')
      t.match(await loggerbot(['retention'], { env }), { code: 0, stdout: 'deleted expired logs: 1\n' })
      t.notOk((await messages()).includes('of bob'))
      t.match(await loggerbot(['user', 'retention', 'bob', 'long'], { env }), { code: 2 })
      t.match(await loggerbot(['user', 'retention', 'nobody', '7'], { env }), { code: 1, stderr: 'loggerbot: there is no user nobody\n' })
    })

    await t.test('keeps no more logs than the limit says, the newest of all users', async (t) => {
      await knex('user_logs').delete()
      for (const [index, user] of (['alice', 'bob', 'alice', 'bob'] as const).entries()) {
        await send(service, user, tokens[user], Array.from({ length: 1500 }, (_, n) => log({ msg: `${index}`, event_at: new Date(Date.UTC(2026, 0, 1 + index) + n).toISOString() })))
      }
      t.equal(await deleteExpiredLogs(knex, { days: 0, rows: 2500 }), 3500)
      const left = await messages()
      t.equal(left.length, 2500)
      t.ok(left.filter((message) => message < '2').length < 100)
      t.equal(left.filter((message) => message === '3').length, 1250)
    })

    await t.test('a user with less than an equal share loses nothing, whatever times another user sends', async (t) => {
      await knex('user_logs').delete()
      const many = (count: number, event: string) => Array.from({ length: count }, (_, n) => log({ msg: `${event.slice(0, 4)} ${n}`, event_at: event }))
      await send(service, 'bob', tokens.bob, many(100, new Date().toISOString()))
      await send(service, 'alice', tokens.alice, many(200, '2090-01-01T00:00:00Z'))
      await send(service, 'alice', tokens.alice, many(200, '1990-01-01T00:00:00Z'))
      t.equal(await deleteExpiredLogs(knex, { days: 0, rows: 300 }), 200)
      const left = await messages()
      t.equal(left.filter((message) => message.startsWith('2090')).length, 0, 'of the others the first that arrived go')
      t.equal(left.filter((message) => message.startsWith('1990')).length, 200)
      t.equal(left.length, 300)
      t.equal(await deleteExpiredLogs(knex, { days: 0, rows: 51 }), 249)
      const users = await knex('user_logs').select('user_id').count({ count: '*' }).groupBy('user_id').orderBy('count')
      t.strictSame(users.map((row) => Number(row.count)), [25, 26])
    })

    await t.test('deletes nothing by age while the clock may be wrong, and says so', async (t) => {
      await knex('user_logs').delete()
      await insert('alice', 'old', 40, 40)
      const env = { ...environmentOf(service.options), LOGGER_RETENTION_DAYS: '30' }
      const now = Date.now()
      const clock = t.intercept(Date, 'now', { value: () => now + 400 * day })
      t.match(await loggerbot(['retention'], { env }), { code: 1, stderr: /clock.*400 days apart.*--trust-clock/ })
      clock.restore()

      // As after a leap ahead of this machine's clock, which is the database's, too.
      await knex('ingest_batches').update({ created_at: utcTime(now - 400 * day) })
      t.match(await loggerbot(['retention'], { env }), { code: 1, stderr: /nothing has arrived for 400 days/ })
      await insert('alice', 'young', 0, 0)
      t.match(await loggerbot(['retention'], { env }), { code: 1, stderr: /until less than a day ago nothing had arrived for 400 days/ })
      await t.rejects(deleteExpiredLogs(knex, { days: 30, rows: 0 }), { code: 'LOGGER_CLOCK_IN_DOUBT' })
      t.strictSame((await messages()).sort(), ['old', 'young'])
      t.match(await loggerbot(['retention', '--trust-clock'], { env }), { code: 0, stdout: 'deleted expired logs: 1\n' })
      t.strictSame(await messages(), ['young'])
      await knex('ingest_batches').where('created_at', '<', utcTime(now - day)).delete()
      await send(service, 'alice', tokens.alice, Array.from({ length: 2499 }, () => log()))
    })

    await t.test('one instance does it at a time', async (t) => {
      t.ok(await takeLease(knex, 'retention', 'another', 60))
      t.equal(await deleteExpiredLogs(knex, { days: 0, rows: 1 }), 0)
      t.ok(await takeLease(knex, 'retention', 'another', -1), 'its own can be renewed')
      t.equal(await deleteExpiredLogs(knex, { days: 0, rows: 1 }), 2499, 'one that ran out is free')
    })
  })
}

t.test('partitions of user_logs', async (t) => {
  const names = async (knex: Knex) => (await listPartitions(knex)).map(({ name }) => name)
  const midnight = (daysAgo: number) => utcTime(Math.floor(Date.now() / day) * day - daysAgo * day)
  const before = (daysAgo: number) => `before_${midnight(daysAgo).slice(0, 10).replaceAll('-', '')}`

  /** Divides the table again, at midnights given by how many days they are ago. */
  async function divideAt (knex: Knex, daysAgo: number[]): Promise<void> {
    const { unite, divide } = dialectOf(knex).partitions!
    await unite(knex)
    await divide(knex, daysAgo.map(midnight))
  }

  const past = [120, 90, 60, 30, -5, -35, -65, -95]
  const ahead = [-5, -35, -65, -95].map(before)

  /** A table with a past, and what else `startKeeping` gives. */
  async function startDivided (t: Test) {
    const kept = await startKeeping(t, mariadb)
    await divideAt(kept.knex, past)
    const complaints: unknown[] = []
    return { ...kept, complaints, deleteExpired: (retention: Retention) => deleteExpiredLogs(kept.knex, retention, (error) => complaints.push(error)) }
  }

  await t.test('one that is wholly expired goes at once, and is counted', async (t) => {
    const { knex, insert, messages, deleteExpired, complaints, service } = await startDivided(t)
    await insert('alice', 'of old', 100, 100)
    await insert('bob', 'of bob', 70, 70)
    await insert('bob', 'young', 29, 29)
    t.match((await loggerbot(['retention', '--dry-run'], { env: { ...environmentOf(service.options), LOGGER_RETENTION_DAYS: '31' } })).stdout,
      `partition ${before(90)} would be dropped as a whole (logs: 1)\npartition ${before(60)} would be dropped as a whole (logs: 1)\n`)
    t.equal(await deleteExpired({ days: 31, rows: 0 }), 2)
    t.strictSame(await messages(), ['young'])
    t.strictSame(await names(knex), ['older', before(-5), ...ahead.slice(1), 'later'], 'those that are over and empty are part of the first')
    t.equal((await listPartitions(knex))[0]!.until, midnight(30))
    t.strictSame(complaints, [])
    t.notOk(await knex.schema.hasTable('user_logs_expired'))
  })

  await t.test('one with a late log, a user who keeps longer or for ever stays, and is thinned', async (t) => {
    const { knex, insert, messages, deleteExpired, complaints } = await startDivided(t)
    await knex('users').where('username', 'bob').update({ retention_days: 100 })
    await insert('alice', 'late', 110, 1)
    await insert('alice', 'old', 110, 110)
    await insert('bob', 'kept long', 70, 70)
    await insert('alice', 'old, too', 70, 70)
    t.equal(await deleteExpired({ days: 20, rows: 0 }), 2)
    t.strictSame(await messages(), ['late', 'kept long'])

    await knex('users').where('username', 'bob').update({ retention_days: 0 })
    await insert('alice', 'old again', 70, 70)
    t.equal(await deleteExpired({ days: 20, rows: 0 }), 1)
    t.strictSame(await messages(), ['late', 'kept long'])
    t.strictSame(await names(knex), ['older', before(90), before(60), before(30), ...ahead, 'later'])
    t.strictSame(complaints, [])
  })

  await t.test('a log that comes while its partition goes is kept', async (t) => {
    const { knex, service, tokens, insert, messages } = await startDivided(t)
    await insert('alice', 'old', 110, 110)
    const limit = Date.now() - 30 * day
    for await (const whole of findExpired(knex, limit, 30, signal)) {
      await send(service, 'alice', tokens.alice, [log({ msg: 'late', event_at: new Date(Date.now() - 110 * day).toISOString() })])
      t.equal(await dropWhole(knex, whole), 1)
    }
    t.strictSame(await messages(), ['late'])
  })

  await t.test('what a process began that was killed is brought to an end', async (t) => {
    const { knex, insert, messages, deleteExpired } = await startDivided(t)
    await insert('alice', 'old', 110, 110)
    await insert('alice', 'late', 110, 1)
    const partition = (await listPartitions(knex)).find(({ name }) => name === before(90))!
    await dialectOf(knex).partitions!.takeOut(knex, partition, 'user_logs_expired')
    t.strictSame(await messages(), [])
    await dialectOf(knex).partitions!.putBack(knex, 'user_logs_expired', { sql: 'log_msg = ?', bindings: ['late'] })
    await deleteExpired({ days: 30, rows: 0 })
    t.strictSame(await messages(), ['late'])
    t.notOk(await knex.schema.hasTable('user_logs_expired'))
  })

  await t.test('logs of 1970 and 9999 are kept, found, and let go by their arrival', async (t) => {
    const { knex, service, tokens, deleteExpired } = await startDivided(t)
    const absurd = ['1000-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z']
    await send(service, 'alice', tokens.alice, absurd.map((time) => log({ msg: time, event_at: time })))
    t.equal(await deleteExpired({ days: 1, rows: 0 }), 0)
    const found = await http(service.port, 'GET', '/api/logs', basic('alice'))
    t.strictSame(JSON.parse(found.body).logs.map(({ message }: { message: string }) => message), absurd.toReversed())
    await knex('user_logs').update({ id: knex.raw('id - ?', [String(BigInt(2 * day) << 16n)]) })
    t.equal(await deleteExpired({ days: 1, rows: 0 }), 3)
    t.equal(await count(knex), 0)
  })

  await t.test('those of the coming months are made once, however many instances are at it', async (t) => {
    const { knex, deleteExpired, complaints } = await startDivided(t)
    await divideAt(knex, [30, 0])
    await Promise.all([deleteExpired({ days: 0, rows: 0 }), deleteExpired({ days: 0, rows: 0 })])
    const made = ['older', ...[-30, -60, -90, -120].map(before), 'later']
    t.strictSame(await names(knex), made)
    await deleteExpired({ days: 0, rows: 0 })
    t.strictSame(await names(knex), made)
    t.strictSame(complaints, [])
  })

  await t.test('so they are where somebody\'s logs are of the far future, be they many', async (t) => {
    const { knex, service, tokens, insert, messages, deleteExpired, complaints } = await startDivided(t)
    await divideAt(knex, [30, 0])
    for (let n = 0; n < 3; n++) await send(service, 'alice', tokens.alice, Array.from({ length: 900 }, () => log({ msg: 'far', event_at: '2090-01-01T00:00:00Z' })))
    await insert('bob', 'in a month', -40, 0)
    await deleteExpired({ days: 0, rows: 0 })
    t.strictSame(await names(knex), ['older', ...[-30, -60, -90, -120].map(before), 'later'])
    t.equal((await messages()).length, 2701)
    t.strictSame(complaints, [])
    t.notOk(await knex.schema.hasTable('user_logs_later'))

    await dialectOf(knex).partitions!.takeOut(knex, (await listPartitions(knex)).at(-1)!, 'user_logs_later')
    t.equal((await messages()).length, 1)
    await deleteExpired({ days: 0, rows: 0 })
    t.equal((await messages()).length, 2701, 'what a process left behind that was killed is put back')
  })

  await t.test('where a day has one of its own, its logs wait to go with it, and six hours for those that were late', async (t) => {
    const { knex } = await startDivided(t)
    await divideAt(knex, [60, 33, 32, 31, 0])
    const partitions = await listPartitions(knex)
    const at = (daysAgo: number, hours: number) => Date.parse(`${midnight(daysAgo).replace(' ', 'T')}Z`) + hours * day / 24
    t.equal(limitAlongKey(partitions, at(32, 23)), at(32, 0))
    t.equal(limitAlongKey(partitions, at(32, 5)), at(33, 0))
    t.equal(limitAlongKey(partitions, at(40, 12)), at(40, 12), 'those of a month do not')
  })

  await t.test('the oldest go whole where there are more logs than the limit', async (t) => {
    const { knex, insert, messages, deleteExpired } = await startDivided(t)
    for (const age of [110, 109, 80, 79, 10]) await insert(age % 2 ? 'alice' : 'bob', `${age}`, age, age)
    t.equal(await deleteExpired({ days: 0, rows: 3 }), 2)
    t.strictSame(await messages(), ['80', '79', '10'])
    t.strictSame(await names(knex), ['older', before(60), before(30), ...ahead, 'later'])
  })

  await t.test('where the login may not alter the table, a reader holds it, or it is one piece, logs go along the key', async (t) => {
    const { knex, service, tokens, insert, messages, deleteExpired, complaints } = await startDivided(t)
    const { host, port } = await mariadb.access()
    const database = 'database' in service.options ? service.options.database : ''
    const login = `u${database!.slice(-8)}`
    await knex.raw(`CREATE USER ${login}@'%' IDENTIFIED BY 'password'`)
    await knex.raw(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.* TO ${login}@'%'`)
    t.teardown(() => knex.raw(`DROP USER ${login}@'%'`))
    const limited = connect({ host, port, user: login, password: 'password', database })
    t.teardown(() => limited.destroy())
    await insert('alice', 'old', 110, 110)
    const { stdout, stderr } = await loggerbot(['retention'], { env: { ...environmentOf(service.options), LOGGER_DB_USER: login, LOGGER_DB_PASSWORD: 'password', LOGGER_RETENTION_DAYS: '30' } })
    t.equal(stdout, 'deleted expired logs: 1\n')
    t.match(stderr, 'loggerbot: cannot maintain partitions of user_logs (ER_TABLEACCESS_DENIED_ERROR)')
    t.strictSame(await messages(), [])

    await insert('alice', 'old', 110, 110)
    const reader = await knex.transaction()
    await reader('user_logs').first()
    const going = deleteExpired({ days: 30, rows: 0 })
    t.equal((await send(service, 'alice', tokens.alice, [log({ event_at: new Date().toISOString() })])).status, 200)
    t.equal(await going, 1)
    await reader.rollback()
    t.match(complaints, [{ code: /ER_QUERY_INTERRUPTED|ER_LOCK_WAIT_TIMEOUT/ }, { code: /ER_QUERY_INTERRUPTED|ER_LOCK_WAIT_TIMEOUT/ }])

    await dialectOf(knex).partitions!.unite(knex)
    await insert('alice', 'old', 110, 110)
    t.equal(await deleteExpired({ days: 30, rows: 0 }), 1)
    t.equal(complaints.length, 2)
  })

  await t.test('loggerbot partitions divides the logs of MySQL and makes them one piece again, and keeps them all', { skip: mysqlKind.missing }, async (t) => {
    const { knex, insert, messages, service } = await startKeeping(t, mysql)
    const env = environmentOf(service.options)
    const run = (state: string) => loggerbot(['partitions', state], { env })
    await insert('alice', 'old', 110, 110)
    await insert('alice', 'of the future', -1000, 1)
    t.strictSame(await names(knex), [], 'not unasked')
    t.match(await run('on'), { code: 0, stdout: 'the logs are divided into 6 partitions: older, ' })
    t.strictSame(await names(knex), ['older', ...[-7, -37, -67, -97].map(before), 'later'])
    t.strictSame(await messages(), ['old', 'of the future'])
    t.match(await run('off'), { code: 0, stdout: 'the logs are not partitioned\n' })
    t.strictSame(await names(knex), [])
    t.strictSame(await messages(), ['old', 'of the future'])
    t.match(await run('x'), { code: 2, stderr: 'loggerbot: expected "on" or "off"\n' })
  })

  await t.test('loggerbot partitions on refuses MariaDB and SQLite', async (t) => {
    const { knex, service } = await startKeeping(t, mariadb)
    t.match(await loggerbot(['partitions', 'on'], { env: environmentOf(service.options) }), {
      code: 1, stderr: /^loggerbot: MariaDB does not sync the file that lists the partitions: a power cut can .*\n$/
    })
    t.strictSame(await names(knex), [])

    const file = environmentOf((await startService(t, sqlite)).options)
    t.match(await loggerbot(['partitions', 'on'], { env: file }), { code: 1, stderr: 'loggerbot: this table of logs cannot be partitioned\n' })
  })
})
