import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import mysql2 from 'mysql2'
import t, { type Test } from 'tap'
import { buildServer } from '../../../src/server.ts'
import { readSettings } from '../../../src/config.ts'
import { checkSchema, migrateToLatest, migrations } from '../../../src/store/migrations.ts'
import { loggerbot, type Finished } from '../../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, startMariadb, temporaryFolder } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { createUser, log, send, startService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

process.chdir(temporaryFolder(t))

/** A server that speaks MySQL's protocol and refuses every client with this error. Resolves to its port. */
async function refusingServer (t: Test, code: number): Promise<number> {
  const server = (mysql2 as any).createServer()
  server.on('connection', (connection: any) => {
    connection.on('error', () => {})
    connection.writeError({ code, message: 'not now' })
    connection.stream.end()
  })
  server.listen(0)
  t.teardown(() => { server.close() })
  const listener: Server = server._server
  if (!listener.address()) await once(listener, 'listening')
  return (listener.address() as AddressInfo).port
}

t.test('A service whose spool knows users', async (t) => {
  const options = await mariadb.createMigrated(t)
  const settings = { LOGGER_SPOOL_DIR: join(temporaryFolder(t), 'spool') }
  const first = await startService(t, mariadb, { database: options, settings })
  const token = await createUser(first, 'alice')
  t.equal((await send(first, 'alice', token, [log()])).status, 200)
  await first.app.close()

  for (const code of [1040, 1047, 1053, 1129, 1203, 1205, 1213, 1290, 1836, 3032, 3100, 3101]) {
    await t.test(`starts while the database refuses with ${code}, and takes logs in`, async (t) => {
      const port = await refusingServer(t, code)
      const service = await startService(t, mariadb, { database: { ...options, host: '127.0.0.1', port }, settings: { ...settings, LOGGER_DB_TIMEOUT: '500' } })
      t.match(await send(service, 'alice', token, [log()]), { status: 200, headers: { 'x-log-stored': 'spool' } })
      await service.app.close()
    })
  }

  await t.test('does not start where the login is refused', async (t) => {
    const app = buildServer(await readSettings({ ...environmentOf({ ...options, password: 'wrong', user: 'nobody' }), ...settings, LOGGER_LOG_LEVEL: 'silent' }))
    t.teardown(() => app.close())
    await t.rejects(Promise.resolve(app.ready()), { code: 'ER_ACCESS_DENIED_ERROR' })
  })
})

for (const database of databases) {
  t.test(`Migrating on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const knex = openKnex(t, options)

    await t.test('does nothing where nothing is pending, though another holds the lock', async (t) => {
      await knex('loggerbot_migrations_lock').update({ is_locked: 1 })
      t.strictSame(await migrateToLatest(knex), [])
      t.match(await loggerbot(['migrate'], { env: environmentOf(options) }), { code: 0, stderr: '' })
      const service = await startService(t, database, { database: options })
      t.equal((await http(service.port, 'GET', '/readyz')).status, 200)
    })

    await t.test('waits for another that migrates', async (t) => {
      await knex('loggerbot_migrations_lock').update({ is_locked: 0 })
      await knex.migrate.down(migrations)
      await knex('loggerbot_migrations_lock').update({ is_locked: 1 })
      let isOver = false
      const migrating = migrateToLatest(knex).finally(() => { isOver = true })
      await until('it has looked', async () => (await knex('loggerbot_migrations').count({ count: '*' })).length > 0)
      t.notOk(isOver)
      await knex('loggerbot_migrations_lock').update({ is_locked: 0 })
      t.equal((await migrating).length, 1)
    })
  })
}

t.test('A server gives a migration all the time that it takes', async (t) => {
  const app = buildServer(await readSettings({ LOGGER_DB_FILE: join(temporaryFolder(t), 'logs.sqlite'), LOGGER_LOG_LEVEL: 'silent' }))
  t.teardown(() => app.close())
  t.equal(app.initialConfig.pluginTimeout, 0)
})

t.test('A MariaDB that is read-only', async (t) => {
  const server = await startMariadb(t)
  await server.query('CREATE DATABASE logs')
  await server.query("CREATE USER 'logger'@'%' IDENTIFIED BY 'password'")
  await server.query("CREATE USER 'logger'@'localhost' IDENTIFIED BY 'password'")
  for (const host of ['%', 'localhost']) await server.query(`GRANT ALL ON logs.* TO 'logger'@'${host}'`)
  const options = { ...server.access, user: 'logger', password: 'password', database: 'logs' }
  const knex = openKnex(t, options)
  const env = environmentOf(options)
  const readOnly = (state: 0 | 1) => server.query(`SET GLOBAL read_only = ${state}`)
  const isRefusal = (t: Test, { code, stdout, stderr }: Finished) => {
    t.strictSame([code, stdout], [1, ''])
    t.match(stderr, /^loggerbot: LOGGER_DB_HOST, LOGGER_DB_PORT \(--db-host, --db-port\): MySQL at \S+ is read-only \(ER_OPTION_PREVENTS_STATEMENT\); name the one that accepts writes\n$/)
  }

  await t.test('is told at once while tables are missing', async (t) => {
    await readOnly(1)
    for (const command of ['migrate', 'setup-database']) isRefusal(t, await loggerbot([command], { env }))
    isRefusal(t, await loggerbot(['setup-database', '--db-name=other'], { env }))
    isRefusal(t, await loggerbot(['serve', '--migrate', '--port=0'], { env }))
  })

  await t.test('is told at once while tables are older', async (t) => {
    await readOnly(0)
    await migrateToLatest(knex)
    await knex.migrate.down(migrations)
    await readOnly(1)
    isRefusal(t, await loggerbot(['migrate'], { env }))
  })

  await t.test('is no hindrance where all is up to date', async (t) => {
    await readOnly(0)
    await migrateToLatest(knex)
    await readOnly(1)
    await t.resolves(checkSchema(knex))
    for (const command of ['migrate', 'setup-database']) t.match(await loggerbot([command], { env }), { code: 0, stderr: '' })
  })
})
