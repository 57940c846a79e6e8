import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { Knex } from 'knex'
import { contractToken } from '../../src/authenticate/token.ts'
import { databaseIdOf } from '../../src/store/database-id.ts'
import { ourTables } from '../../src/store/database-state.ts'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { markUnfinished } from '../../src/store/migrations.ts'
import { cleanEnvironment, loggerbot, program, type Finished } from '../helpers/command.ts'
import { databases, environmentOf, openKnex, sqlite, temporaryFolder, type TestDatabase } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { basic, count, createToken, createUser, log, send, startService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// No .env of the checkout is read.
process.chdir(temporaryFolder(t))

/** Texts that a careless copy would change. */
const texts = ['', ' ', '\\', "\\'; DROP TABLE users; --", '"\\n"', 'emoji 🐢 and 👩‍👩‍👧', 'a\u0000b', 'trailing ', '\u{10ffff}', 'строка', '\r\n\t']

/** A database that a service has filled, and then closed. */
async function filled (t: Test, database: TestDatabase, logs: readonly object[] = texts.map((msg) => log({ msg, extra: { msg, none: null, number: 1.5 } }))): Promise<DatabaseOptions> {
  const options = await database.createMigrated(t)
  await t.test('a service stores logs', async (t) => {
    const service = await startService(t, database, { database: options })
    const token = await createUser(service, 'alice')
    t.equal((await send(service, 'alice', token, logs)).status, 200)
    await createUser(service, 'bob')
    await service.app.close()
  })
  return options
}

function addressOf (options: DatabaseOptions): string {
  if ('file' in options) return `sqlite:${options.file}`
  const { host, port, user, password = '', database } = options
  return `mysql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`
}

function copy (source: DatabaseOptions, target: DatabaseOptions): Promise<Finished> {
  return loggerbot(['copy', '--to', addressOf(target)], { env: environmentOf(source) })
}

/** Columns with more digits than a number of JavaScript holds, and JSON, which a driver may parse. */
const exact: Record<string, string[]> = { user_logs: ['id', 'pid', 'attributes'], ingest_batches: ['first_id'], word_slices: ['block_id'], dead_letters: ['id'] }

/** All rows of all tables, as texts. */
async function contentsOf (knex: Knex): Promise<Record<string, string[]>> {
  const contents: Record<string, string[]> = {}
  for (const table of [...ourTables].sort()) {
    const casts = exact[table]?.map((column) => knex.raw('CAST(?? AS CHAR) AS ??', [column, `exact_${column}`])) ?? []
    const rows: Array<Record<string, unknown>> = await knex(table).select('*', ...casts)
    contents[table] = rows.map((row) => {
      for (const column of exact[table] ?? []) row[column] = row[`exact_${column}`]
      if (typeof row.attributes === 'string') row.attributes = JSON.parse(row.attributes)
      return JSON.stringify(Object.entries(row).filter(([name]) => !name.startsWith('exact_')).sort(([one], [other]) => one < other ? -1 : 1)
        .map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('hex') : typeof value === 'number' ? String(value) : value]))
    }).sort()
  }
  return contents
}

for (const database of databases) {
  t.test(`loggerbot copy from SQLite to ${database.name}`, async (t) => {
    await t.test('copies every row of every table, and a service goes on with the copy', async (t) => {
      const source = await filled(t, sqlite)
      const target = await database.create(t)
      const { code, stdout, stderr } = await copy(source, target)
      t.strictSame([code, stderr], [0, ''])
      t.match(stdout, new RegExp(`^user_logs +${texts.length}$`, 'm'))
      t.match(stdout, /is a copy: \d+ rows in \d+ tables/)
      t.strictSame(await contentsOf(openKnex(t, target)), await contentsOf(openKnex(t, source)))

      const service = await startService(t, database, { database: target })
      const token = contractToken('alice', 'password')
      t.equal((await send(service, 'alice', token, [log({ msg: 'after the copy' })])).status, 200)
      t.equal(await count(service.knex), texts.length + 1)
      const found = await http(service.port, 'GET', '/api/logs?query=emoji', basic('alice'))
      t.strictSame(JSON.parse(found.body).logs.map(({ message }: { message: string }) => message), ['emoji 🐢 and 👩‍👩‍👧'])
      await createToken(service, 'alice')
    })

    await t.test('goes on after a copy that was interrupted, and stores nothing twice', async (t) => {
      const source = await filled(t, sqlite, Array.from({ length: 60 }, (_, index) => log({ msg: `${index}` })))
      const target = await database.create(t)
      await copy(source, target)
      const knex = openKnex(t, target)
      const whole = await contentsOf(knex)
      // As a copy leaves it that was killed in the middle of the logs.
      const rest = await knex('user_logs').orderBy(['user_id', 'log_event_at', 'user_logs.id']).offset(25).limit(100).select(knex.raw('CAST(id AS CHAR) AS name'))
      await knex('user_logs').whereIn('id', rest.map(({ name }) => name)).delete()
      await knex('users').delete()
      await markUnfinished(knex)
      await t.rejects(startService(t, database, { database: target }), /a copy into this database is unfinished; run loggerbot copy again/)
      t.match(await loggerbot(['user', 'list'], { env: environmentOf(target) }), { code: 1, stderr: /unfinished/ })
      t.match(await copy(source, target), { code: 0, stderr: '' })
      t.strictSame(await contentsOf(knex), whole)
    })

    await t.test('goes on after kill -9', async (t) => {
      const source = await sqlite.createMigrated(t)
      const knex = openKnex(t, source)
      const row = { user_id: 1, log_level: 'info', pid: 1, p_name: 'p', p_description: '', log_msg: 'x'.repeat(200), post_time: '2026-01-02 03:04:05.000001' }
      const rows = Array.from({ length: 30_000 }, (_, index) => ({ ...row, id: index, log_event_at: `2026-01-02 03:04:05.${String(index).padStart(6, '0')}` }))
      await knex.transaction(async (transaction) => transaction.batchInsert('user_logs', rows, 400))
      await knex.destroy()
      const target = await database.createMigrated(t)
      const copied = openKnex(t, target)
      const child = spawn(process.execPath, [program, 'copy', '--to', addressOf(target)], { env: { ...cleanEnvironment(), ...environmentOf(source) } })
      const ended = once(child, 'close')
      await until('rows are copied', async () => child.exitCode !== null || await count(copied) > 0)
      child.kill('SIGKILL')
      t.strictSame(await ended, [null, 'SIGKILL'])
      t.ok(await count(copied) < rows.length)
      t.equal((await copy(source, target)).code, 0)
      t.equal(await count(copied), rows.length)
    })

    await t.test('copies 64-bit ids, binary keys, the largest message and more rows than a batch', async (t) => {
      const source = await sqlite.createMigrated(t)
      const knex = openKnex(t, source)
      const row = { user_id: 1, log_event_at: '2026-01-02 03:04:05.678901', log_level: 'info', pid: '4294967296123', p_name: 'p', p_description: '', post_time: '2026-01-02 03:04:05.000001' }
      const rows = Array.from({ length: 2500 }, (_, index) => ({ ...row, id: String(7_000_000_000_000_000_001n + BigInt(index)), log_msg: `${index}`, attributes: index % 2 ? null : '{"a":"\\\\ \\u0000 🐢"}' }))
      for (let start = 0; start < rows.length; start += 250) await knex('user_logs').insert(rows.slice(start, start + 250))
      await knex('user_logs').insert({ ...row, id: '9223372036854775807', log_msg: "\\'".repeat(8_000_000), attributes: null })
      await knex('word_slices').insert({ user_id: 1, slice: 0, block_id: '9007199254740993', first_at: row.log_event_at, last_at: row.log_event_at, fingerprints: Buffer.from(Array.from({ length: 256 }, (_, index) => index)) })
      await knex.destroy()
      const target = await database.create(t)
      t.equal((await copy(source, target)).code, 0)
      t.strictSame(await contentsOf(openKnex(t, target)), await contentsOf(openKnex(t, source)))
    })

    await t.test('refuses what would mix or harm databases, in one line', async (t) => {
      const source = await filled(t, sqlite)
      const other = await filled(t, database)
      const unfinished = openKnex(t, other)
      t.match(await copy(source, other), { code: 1, stdout: '', stderr: /^loggerbot: --to: the target has data: name an empty database\n$/ })
      await databaseIdOf(unfinished)
      await markUnfinished(unfinished)
      t.match(await copy(source, other), { code: 1, stdout: '', stderr: /--to: the target has data: name an empty database/ }, 'an unfinished copy of another database')
      const target = await database.create(t)
      await copy(source, target)
      t.match(await copy(source, target), { code: 1, stdout: '', stderr: /--to: the target is a finished copy of the source, or the source itself/ })
      const older = await database.createMigrated(t)
      const knex = openKnex(t, older)
      await knex('loggerbot_migrations').where('name', 'like', '%_failure_causes').delete()
      t.match(await copy(source, older), { code: 1, stdout: '', stderr: /--to: .*the tables in the database are older than this version/ })
    })
  })
}

t.test('loggerbot copy refuses a source that a server uses', async (t) => {
  for (const database of databases) {
    await t.test(database.name, async (t) => {
      const service = await startService(t, database)
      await createUser(service, 'alice')
      const target = await sqlite.create(t)
      const line = database === sqlite ? /a server or another program has it open: stop that first/ : /a server used the source \d+ s ago: stop it first/
      t.match(await copy(service.options, target), { code: 1, stdout: '', stderr: line })
    })
  }
})

for (const database of databases.filter((other) => other !== sqlite)) {
  t.test(`loggerbot copy from ${database.name} back to SQLite`, async (t) => {
    const source = await filled(t, database)
    const target = await sqlite.create(t)
    t.match(await copy(source, target), { code: 0, stderr: '' })
    t.strictSame(await contentsOf(openKnex(t, target)), await contentsOf(openKnex(t, source)))
    const service = await startService(t, sqlite, { database: target })
    t.equal(await databaseIdOf(service.knex), await databaseIdOf(openKnex(t, source)))
    t.equal((await http(service.port, 'GET', '/api/session', basic('alice'))).status, 200)
  })
}

t.test('loggerbot copy tells a wrong address', async (t) => {
  for (const to of ['', 'nonsense', 'http://a/b', 'mysql://host', 'mysql://host/a b', 'sqlite:']) {
    t.match(await loggerbot(['copy', '--to', to]), { code: 2, stderr: /--to must be mysql:\/\/user:password@host:port\/name or sqlite:FILE/ }, to)
  }
  const { code, stderr } = await loggerbot(['copy', '--to', 'mysql://user:secret@127.0.0.1:1/logs'], { env: environmentOf(await sqlite.createMigrated(t)) })
  t.equal(code, 1)
  t.match(stderr, /^loggerbot: --to: no MySQL at 127.0.0.1:1 \(ECONNREFUSED\)\n$/)
})
