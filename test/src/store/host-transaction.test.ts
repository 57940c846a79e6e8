import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import knexFactory from 'knex'
import t, { type Test } from 'tap'
import { db, newRecord, search, tail, utcTime, writer, type LogRecord } from '../../../src/index.ts'
import type { DatabaseOptions } from '../../../src/store/dialects/dialect.ts'
import { root } from '../../helpers/command.ts'
import { databases, openKnex } from '../../helpers/databases.ts'
import { post } from '../../helpers/http.ts'
import { arrived, count, patienceMs } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const userId = 1
const line = (message: string, more: Partial<LogRecord> = {}): LogRecord => newRecord({ processName: 'shop', message, ...more })
const batch = (...messages: string[]) => ({ userId, records: messages.map((message) => line(message)) })

/** A host app with a table of its own beside the logs. */
async function startHost (t: Test, database: DatabaseOptions): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(db, { database, migrate: true })
  await app.register(writer, { patience: patienceMs })
  await app.register(search)
  await app.register(tail)
  await app.ready()
  if (!await app.logDb.schema.hasTable('orders')) await app.logDb.schema.createTable('orders', (table) => { table.string('name') })
  return app
}

/** Follows the tail of an app. */
async function follow (t: Test, app: FastifyInstance): Promise<{ heard: string[], until: (count: number) => Promise<unknown> }> {
  const end = new AbortController()
  const events = await app.tailLogs({ userId, matches: () => true }, end.signal)
  const heard: string[] = []
  const listening = (async () => {
    for await (const event of events) {
      if (typeof event === 'string' || !('log' in event)) continue
      heard.push(event.log.message)
    }
  })()
  t.teardown(() => {
    end.abort()
    return listening
  })
  return {
    heard,
    until: (count) => until(`the tail shows ${count} logs`, () => heard.length >= count, { progress: () => heard.length })
  }
}

for (const database of databases) {
  t.test(`in a transaction of the host's, on ${database.name}`, async (t) => {
    const options = await database.create(t)
    const app = await startHost(t, options)
    const knex = openKnex(t, options)
    t.beforeEach(async () => {
      for (const table of ['user_logs', 'orders', 'ingest_batches']) await knex(table).delete()
    })
    const orders = async (): Promise<string[]> => (await knex('orders').orderBy('name')).map(({ name }) => name)
    const messages = async (): Promise<string[]> => (await arrived(knex)).map(({ message }) => message)

    await t.test('the log is there if and only if the row beside it is', async (t) => {
      const committed = await follow(t, app)
      await app.logDb.transaction(async (transaction) => {
        await transaction('orders').insert({ name: 'one' })
        t.strictSame(await app.writeLogs(batch('one', 'two'), { knex: transaction }), { stored: 'database', replayed: false })
        t.strictSame([await orders(), await messages()], [[], []], 'nobody sees them before')
      })
      t.strictSame([await orders(), await messages()], [['one'], ['one', 'two']])

      await t.rejects(app.logDb.transaction(async (transaction) => {
        await transaction('orders').insert({ name: 'two' })
        await app.writeLogs(batch('never'), { knex: transaction })
        throw new Error('of the host')
      }), { message: 'of the host' })
      const silent = await app.logDb.transaction()
      await app.writeLogs(batch('never'), { knex: silent })
      await silent.rollback()
      t.strictSame([await orders(), await messages()], [['one'], ['one', 'two']])

      await app.writeLogs(batch('after'))
      await committed.until(3)
      t.strictSame(committed.heard, ['one', 'two', 'after'], 'the tail shows what was committed, and that soon')
    })

    await t.test('what a savepoint takes back is gone, what another one keeps is not', async (t) => {
      const reader = await follow(t, app)
      await app.logDb.transaction(async (transaction) => {
        await transaction.transaction(async (inner) => { await app.writeLogs(batch('kept'), { knex: inner }) })
        await transaction.transaction(async (inner) => {
          await app.writeLogs(batch('taken back'), { knex: inner })
          throw new Error('of the host')
        }).catch(() => {})
        await delay(300)
        t.strictSame(reader.heard, [], 'the tail waits for the outermost transaction')
      })
      await app.writeLogs(batch('after'))
      await reader.until(2)
      t.strictSame(reader.heard, ['kept', 'after'])
      t.strictSame(await messages(), ['kept', 'after'])
    })

    await t.test('a busy writer beside it loses nothing, and the tail misses nothing', async (t) => {
      const reader = await follow(t, app)
      const work = Array.from({ length: 40 }, async (_, n) => {
        if (n % 2 === 0) return app.writeLogs(batch(`w${n}`))
        return app.logDb.transaction(async (transaction) => {
          await app.writeLogs(batch(`t${n}`), { knex: transaction })
          await delay(n)
          await transaction('orders').insert({ name: `t${n}` })
          if (n % 5 === 0) throw new Error('of the host')
        }).catch(() => {})
      })
      await Promise.all(work)
      const expected = Array.from({ length: 40 }, (_, n) => n % 2 === 0 ? `w${n}` : `t${n}`).filter((_, n) => n % 2 === 0 || n % 5 !== 0).sort()
      t.strictSame((await messages()).sort(), expected)
      t.strictSame(await orders(), expected.filter((name) => name.startsWith('t')))
      await reader.until(expected.length)
      t.strictSame(reader.heard.toSorted(), expected)
    })

    await t.test('a large batch is stored whole and in order, texts and attributes as they are', async (t) => {
      const texts = Array.from({ length: 1200 }, (_, n) => `n${n} it's \\ ? :name ?? \\? "ü😀"`)
      await app.logDb.transaction((transaction) => app.writeLogs({
        userId,
        records: texts.map((message) => line(message, { eventAt: '2026-01-01 00:00:00.000000', description: '?', attributes: { 'a ?': 'it\'s', list: [1, null] } }))
      }, { knex: transaction }))
      const all = await arrived(knex)
      t.strictSame(all.map(({ message }) => message), texts)
      t.match(all[1199], { at: '2026-01-01 00:00:00.000000', level: 'info', process: 'shop', pid: process.pid, description: '?', attributes: { 'a ?': 'it\'s', list: [1, null] } })
    })

    await t.test('of a batch that the database refuses nothing is stored, and the transaction can go on', async (t) => {
      const key = Buffer.alloc(16, 7)
      const refused = { userId, key, records: [line('good'), line('bad', { severity: 'nonsense' as 'info' })] }
      await app.logDb.transaction(async (transaction) => {
        await t.rejects(app.writeLogs(refused, { knex: transaction }), { message: /log_level/ })
        await transaction('orders').insert({ name: 'nevertheless' })
      })
      t.strictSame([await orders(), await messages(), await count(knex)], [['nevertheless'], [], 0])
      t.equal((await knex('ingest_batches')).length, 0, 'its key is free')
    })

    await t.test('a key makes it once, but only what was committed counts', async (t) => {
      const once = { ...batch('once'), key: Buffer.alloc(16, 9) }
      const write = () => app.logDb.transaction((transaction) => app.writeLogs(once, { knex: transaction }))
      const first = await app.logDb.transaction()
      await app.writeLogs(once, { knex: first })
      await first.rollback()
      t.equal((await write()).replayed, false)
      t.equal((await write()).replayed, true)
      t.strictSame(await messages(), ['once'])
    })

    await t.test('what is no open transaction is refused', async (t) => {
      const over = await app.logDb.transaction()
      await over.commit()
      for (const no of [app.logDb, over]) {
        await t.rejects(app.writeLogs(batch('never'), { knex: no as typeof over }), { code: 'LOGGER_NOT_A_TRANSACTION', message: /knex must be an open transaction/ })
      }
      t.equal(await count(knex), 0)
    })

    await t.test('docs/examples/audit.ts places an order with its audit line, or neither', async (t) => {
      const shop = await database.create(t)
      const child = spawn(process.execPath, ['--import', 'tsx', `${root}docs/examples/audit.ts`], {
        cwd: root, env: { ...process.env, SHOP_DATABASE: JSON.stringify(shop), PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit']
      })
      t.teardown(() => child.kill('SIGKILL'))
      const [greeting] = await once(child.stdout.setEncoding('utf8'), 'data')
      const port = Number(/:(\d+)\n/.exec(greeting)![1])
      t.match(await post(port, '/orders', { item: 'book', amount: 2 }), { status: 201, body: '{"id":1}' })
      t.match(await post(port, '/orders', { item: 'book', amount: 11 }), { status: 409 })
      const knex = openKnex(t, shop)
      t.match(await knex('orders'), [{ id: 1, item: 'book', amount: 2 }])
      t.match(await arrived(knex), [{ process: 'shop', description: 'audit', message: 'order 1 was placed', attributes: { id: 1, item: 'book', amount: 2 } }])
      t.equal((await knex('orders')).length + await count(knex), 2)
    })

    if (database.name === 'SQLite') return
    await t.test('another instance shows it once it is committed, although it stored other logs in between', async (t) => {
      const other = await startHost(t, options)
      const announced = async () => {
        const since = utcTime()
        await until('both instances say how far they are', async () => (await knex('instances').where('seen_at', '>', since)).length === 2)
      }
      await announced()
      const readers = [await follow(t, app), await follow(t, other)]
      const transaction = await app.logDb.transaction()
      await app.writeLogs(batch('long'), { knex: transaction })
      await other.writeLogs(batch('quick'))
      await app.writeLogs(batch('quicker'))
      // Twice: the tail looks several times in between.
      await announced()
      await announced()
      await transaction.commit()
      for (const reader of readers) {
        await reader.until(3)
        t.strictSame(reader.heard, ['long', 'quick', 'quicker'])
      }
    })

    await t.test('a transaction of the host\'s own knex will do', async (t) => {
      const { host, port, user, password, database: name } = options as Exclude<DatabaseOptions, { file: string }>
      const own = knexFactory({ client: 'mysql2', connection: { host, port, user, password, database: name } })
      t.teardown(() => own.destroy())
      const reader = await follow(t, app)
      await own.transaction(async (transaction) => {
        await transaction('orders').insert({ name: 'own' })
        await app.writeLogs(batch('own'), { knex: transaction })
      })
      t.strictSame([await orders(), await messages()], [['own'], ['own']])
      await reader.until(1)
    })
  })
}
