import knexFactory, { type Knex } from 'knex'
import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { db } from '../../../src/index.ts'
import { migrateToLatest } from '../../../src/store/migrations.ts'
import { databases, mariadb, mysql, openKnex, startMariadb, type TestMysqlOptions } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http } from '../../helpers/http.ts'
import { basic, count, createUser, log, send, stored } from '../../helpers/service.ts'

/** A host's own knex, each of whose connections begins with these statements. */
function hostKnex (t: Test, connection: TestMysqlOptions, statements: () => string[] = () => [], most = 10): Knex {
  const knex = knexFactory({
    client: 'mysql2',
    connection,
    pool: {
      min: 0,
      max: most,
      afterCreate (connection: any, done: (error: unknown, connection: unknown) => void) {
        Promise.all(statements().map((sql) => connection.promise().query(sql))).then(() => done(null, connection), (error) => done(error, connection))
      }
    }
  })
  t.teardown(() => knex.destroy())
  return knex
}

const strict = 'STRICT_ALL_TABLES'

const unfit: Record<string, [statement: string, reason: RegExp]> = {
  NO_BACKSLASH_ESCAPES: [`SET SESSION sql_mode = '${strict},NO_BACKSLASH_ESCAPES'`, /sql_mode of the session has NO_BACKSLASH_ESCAPES: .*pool\.afterCreate.*SET SESSION sql_mode = 'STRICT_ALL_TABLES,/],
  ANSI_QUOTES: [`SET SESSION sql_mode = '${strict},ANSI_QUOTES'`, /sql_mode of the session has ANSI_QUOTES/],
  'a mode that holds ANSI_QUOTES': [`SET SESSION sql_mode = '${strict},ANSI'`, /sql_mode of the session has ANSI_QUOTES/],
  'no mode': ["SET SESSION sql_mode = ''", /sql_mode of the session is not strict/],
  'a mode that is not strict': ["SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE'", /sql_mode of the session is not strict/],
  'another character set': ['SET NAMES gbk', /character_set_client of the session is gbk.*SET NAMES utf8mb4/]
}

for (const database of [mariadb, mysql].filter((server) => databases.includes(server))) {
  t.test(`A host's knex on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)

    for (const [what, [statement, reason]] of Object.entries(unfit)) {
      await t.test(`is refused at start in one line with ${what}`, async (t) => {
        for (const migrate of [false, true]) {
          const host = Fastify()
          host.register(db, { knex: hostKnex(t, options, () => [statement]), migrate })
          t.teardown(() => host.close())
          await t.rejects(Promise.resolve(host.ready()), { code: 'LOGGER_UNFIT_SESSION', message: reason })
        }
      })
    }

    for (const mode of ['STRICT_TRANS_TABLES', 'TRADITIONAL', `${strict},NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY`]) {
      await t.test(`is taken with ${mode}, and as the server has it`, async (t) => {
        await t.resolves(migrateToLatest(hostKnex(t, options, () => [`SET SESSION sql_mode = '${mode}'`])))
        await t.resolves(migrateToLatest(hostKnex(t, options)))
      })
    }

    await t.test('is not used on a connection that became unfit, and is when it is fit again', async (t) => {
      let mode = strict
      const own = hostKnex(t, options, () => [`SET SESSION sql_mode = '${mode}'`], 1)
      const service = await startEmbedded(t, options, { database: undefined, knex: own, migrate: false, patience: 500 })
      const token = await createUser(service, 'alice')
      const message = 'C:\\new \\\' OR 1=1 -- "'
      t.equal((await send(service, 'alice', token, [log({ msg: message })])).status, 200)

      const injected = 'al\'/**/OR/**/1=1#'
      for (const statement of ['NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'no mode'].map((name) => unfit[name]![0])) {
        await own.raw(statement)
        t.not((await send(service, 'alice', token, [log({ msg: message })])).status, 200, statement)
        t.not((await http(service.port, 'GET', '/api/logs', basic(injected))).status, 200, statement)
      }
      mode = `${strict},NO_BACKSLASH_ESCAPES`
      await own.raw(`SET SESSION sql_mode = '${strict}'`)
      t.equal((await send(service, 'alice', token, [log({ msg: 'again' })])).status, 200)
      t.strictSame((await stored(service.knex)).map((row) => row.log_msg).sort(), [message, 'again'])
    })

    await t.test('is not written by inside of a transaction that is unfit', async (t) => {
      const own = hostKnex(t, options)
      const service = await startEmbedded(t, options, { database: undefined, knex: own, migrate: false })
      await createUser(service, 'bob')
      const { id } = await service.knex('users').where('username', 'bob').first()
      const before = await count(service.knex)
      const record = { eventAt: '2026-01-01 00:00:00.000000', postTime: '2026-01-01 00:00:00.000000', severity: 'info' as const, message: 'x\\\'', pid: 1, processName: 'p', description: '', attributes: null }
      await t.rejects(own.transaction(async (knex) => {
        await knex.raw(unfit.NO_BACKSLASH_ESCAPES![0])
        await service.app.writeLogs({ userId: id, records: [record] }, { knex })
      }), { code: 'LOGGER_UNFIT_SESSION' })
      t.equal(await count(service.knex), before)
    })
  })
}

for (const database of databases) {
  t.test(`A text that can be nobody's name, on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const own = openKnex(t, options)
    const asked: unknown[] = []
    own.on('query', ({ sql, bindings }) => asked.push(sql, ...bindings ?? []))
    const service = await startEmbedded(t, options, { database: undefined, knex: own, migrate: false })
    await createUser(service, 'alice')

    const names = ['two words', '\' OR 1=1 -- ', 'tab\t', 'nul\0', 'escape\u001b[2J', '\u0085', 'x'.repeat(101), '']
    for (const name of names) {
      await t.test(`is refused without asking the database: ${JSON.stringify(name).slice(0, 20)}`, async (t) => {
        t.equal((await http(service.port, 'GET', '/api/logs', basic(name))).status, 401)
        t.not((await send(service, name, '0'.repeat(32), [log()])).status, 200)
        t.notOk(asked.some((text) => typeof text === 'string' && name !== '' && text.includes(name)))
        t.notOk(asked.some((text) => text === name))
      })
    }

    await t.test('but an odd word is asked for', async (t) => {
      t.equal((await http(service.port, 'GET', '/api/logs', basic('\'OR"1\\=1'))).status, 401)
      t.ok(asked.includes('\'OR"1\\=1'))
    })
  })
}

t.test('A MariaDB with binlog_format=STATEMENT', async (t) => {
  const server = await startMariadb(t, { flags: ['--log-bin', '--binlog-format=STATEMENT', '--server-id=1'] })
  await server.query('CREATE DATABASE logs')
  const options = { ...server.access, database: 'logs' }

  await t.test('is refused at start in one line that says how to mend it', async (t) => {
    await t.rejects(migrateToLatest(openKnex(t, options)), { code: 'LOGGER_UNFIT_SESSION', message: /^binlog_format is STATEMENT, .*READ COMMITTED .*SET GLOBAL binlog_format = 'ROW'$/ })
  })

  await t.test('is taken once it is mended', async (t) => {
    await server.query('SET GLOBAL binlog_format = \'ROW\'')
    await t.resolves(migrateToLatest(openKnex(t, options)))
  })
})
