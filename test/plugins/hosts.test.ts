// Several servers of one database, of which one is used at a time. Here they are one MariaDB behind two proxies, or plain
// servers; real clusters are in test/cluster.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { loggerbot } from '../helpers/command.ts'
import { environmentOf, mariadb, mysql, openKnex, startMariadb, startMysql, temporaryFolder, type TestMysqlOptions } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { Proxy } from '../helpers/proxy.ts'
import { mysql as mysqlKind, type DatabaseServer } from '../helpers/servers.ts'
import { count, createUser, log, send, startService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

t.jobs = 3

interface Stage {
  service: TestService
  /** The servers as the settings name them. */
  hosts: string[]
  token: string
  folder: string
  storeLog: () => Promise<void>
}

const kinds = [mariadb, ...mysqlKind.missing ? [] : [mysql]]
const starts = { MariaDB: startMariadb, MySQL: startMysql }

for (const kind of kinds) {
  for (const mode of ['refuse', 'hang'] as const) {
    t.test(`${kind.name}: while the first of two servers ${mode}s, logs are stored and read by the second`, async (t) => {
      const direct = await kind.createMigrated(t)
      const first = await Proxy.start(t, direct.port)
      const second = await Proxy.start(t, direct.port)
      const { service, hosts, token, storeLog } = await stage(t, direct, [first.port, second.port])
      await until('the first one is used', async () => {
        const { [hosts[0]!]: first, [hosts[1]!]: second } = await states(service)
        return first === 'active' && second === 'fit'
      })

      await first.setMode(mode)
      await storeLog()
      t.equal((await http(service.port, 'GET', '/api/logs', { 'x-user-token': token })).status, 401)
      t.equal((await http(service.port, 'GET', '/readyz')).status, 200)
      const after = await states(service)
      t.equal(after[hosts[1]!], 'active')
      t.match(after[hosts[0]!], mode === 'refuse' ? /ECONNREFUSED|PROTOCOL_CONNECTION_LOST/ : /no answer/)
      t.equal(await metric(service, 'database_host_changes_total'), 1)
      t.equal(await metric(service, 'spooled_logs_total'), 0)

      await first.setMode('pass')
      await until('the first one is used again', async () => (await states(service))[hosts[0]!] === 'active')
      await storeLog()
    })
  }
}

for (const { name } of kinds) {
  t.test(`${name}: logs of the spool that a server has stored and lost are stored on the next one, once`, async (t) => {
    const { servers: [first, second], options } = await replicas(t, starts[name as keyof typeof starts])
    const proxies = [await Proxy.start(t, first.access.port), await Proxy.start(t, second.access.port)] as const
    const other = openKnex(t, { ...options, ...second.access })
    const { service, token, folder, hosts } = await stage(t, options, proxies.map(({ port }) => port))
    await other('users').insert(await service.knex('users').first())
    const sent = Array.from({ length: 30 }, (_, index) => `log ${index}`)
    const messages = async () => (await other('user_logs').orderBy('id')).map(({ log_msg: message }) => message)

    for (const proxy of proxies) await proxy.setMode('refuse')
    await until('no server is used', async () => Object.values(await states(service)).every((state) => state !== 'active'))
    for (const msg of sent) t.match(await send(service, 'alice', token, [log({ msg })]), { headers: { 'x-log-stored': 'spool' } })
    await proxies[0].setMode('pass')
    await until('the first server has them', async () => await count(service.knex) === 1 + sent.length)
    await until('the spool is drained', async () => await metric(service, 'spool_bytes') === 0)
    t.strictSame(await messages(), [])

    await proxies[1].setMode('pass')
    await proxies[0].setMode('refuse')
    await until('the second server has them', async () => (await messages()).length >= sent.length)
    t.strictSame(await messages(), sent)
    t.equal(await metric(service, 'spool_bytes'), 0)

    await t.test('also where the same server comes back without some of them', async (t) => {
      await proxies[1].setMode('refuse')
      await until('no server is used', async () => (await states(service))[hosts[1]!] !== 'active')
      await forget(other, 10)
      await proxies[1].setMode('pass')
      await until('they are back', async () => (await messages()).length >= sent.length)
      t.strictSame(await messages(), sent)
    })
    await t.test('also after a restart', async (t) => {
      await service.app.close()
      await forget(other, 10)
      await startService(t, mariadb, { database: { ...options, host: hosts.join(',') }, settings: { LOGGER_SPOOL_DIR: folder } })
      await until('they are back', async () => (await messages()).length >= sent.length)
      t.strictSame(await messages(), sent)
    })
  })
}

t.test('a server that becomes read-only is left for the next one, and used again afterwards', async (t) => {
  const { servers, options } = await replicas(t)
  const { service, hosts, storeLog } = await stage(t, options, servers.map(({ access }) => access.port))
  await storeLog()
  await servers[0].query('SET GLOBAL read_only = 1')
  await until('the second one is used', async () => (await states(service))[hosts[1]!] === 'active')
  await until('the first one says why', async () => (await states(service))[hosts[0]!] === 'read-only (read_only)')
  await servers[0].query('SET GLOBAL read_only = 0')
  await until('the first one is used again', async () => (await states(service))[hosts[0]!] === 'active')
  await storeLog()
})

t.test('while no server may be written, logs go to the spool, and the service starts', async (t) => {
  const { servers, options } = await replicas(t)
  const database = { ...options, host: servers.map(({ access }) => `127.0.0.1:${access.port}`).join(',') }
  const { service, token, folder } = await stage(t, options, servers.map(({ access }) => access.port))
  for (const server of servers) await server.query('SET GLOBAL read_only = 1')
  await until('none is used', async () => Object.values(await states(service)).every((state) => state !== 'active'))
  t.match(await send(service, 'alice', token, [log()]), { status: 200, headers: { 'x-log-stored': 'spool' } })
  await until('it is not ready, and says why', async () => {
    const { status, body } = await http(service.port, 'GET', '/readyz')
    return status === 503 && /LOGGER_NO_DATABASE_HOST/.test(JSON.parse(body).reason)
  })
  await service.app.close()

  const again = await startService(t, mariadb, { database, settings: { LOGGER_SPOOL_DIR: folder } })
  t.match(await send(again, 'alice', token, [log()]), { status: 200, headers: { 'x-log-stored': 'spool' } })
  await servers[1].query('SET GLOBAL read_only = 0')
  await until('the spool is drained', async () => await metric(again, 'spool_bytes') === 0)
  t.equal((await servers[1].query(`SELECT COUNT(*) AS logs FROM ${options.database}.user_logs`))[0].logs, 2)
})

t.test('a command says of each server why it cannot be written', async (t) => {
  const { servers, options } = await replicas(t)
  const [first, second] = servers
  await first.query('SET GLOBAL read_only = 1')
  const host = servers.map(({ access }) => `127.0.0.1:${access.port}`).join(',')
  const env = environmentOf({ ...options, host })
  t.match(await loggerbot(['migrate'], { env }), { code: 0, stdout: new RegExp(`MySQL root@${host}/.* is up to date`) })
  await second.kill()
  t.match(await loggerbot(['migrate'], { env }), {
    code: 1,
    stderr: `LOGGER_DB_HOST (--db-host): no server can be written: 127.0.0.1:${first.access.port}: read-only (read_only); 127.0.0.1:${second.access.port}: ECONNREFUSED`
  })
})

t.test('a server with another database of ours is not used', async (t) => {
  const { servers, options } = await replicas(t)
  const { service, hosts, folder, storeLog } = await stage(t, options, servers.map(({ access }) => access.port))
  await storeLog()
  const identity = await until('the identity is kept', () => {
    const kept = JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8'))
    return kept.database === undefined ? undefined : kept
  })
  await servers[1].query("UPDATE loggerbot.database_id SET id = 'another'")
  await until('the second one is refused', async () => /^holds another database, another instead of/.test((await states(service))[hosts[1]!] ?? ''))
  t.match(identity, { hosts, database: 'of both servers' })
})

t.test('LOGGER_DB_HOST that is not a list of hosts is refused', async (t) => {
  for (const host of ['a b', 'mysql://a', ',', 'root@a']) {
    t.match(await loggerbot(['migrate'], { env: { LOGGER_DB_HOST: host } }), { code: 2, stderr: /LOGGER_DB_HOST \(--db-host\) is not valid/ })
  }
})

/** A service on servers of these ports, with the user alice. */
async function stage (t: Test, options: TestMysqlOptions, ports: number[]): Promise<Stage> {
  const hosts = ports.map((port) => `127.0.0.1:${port}`)
  const folder = join(temporaryFolder(t), 'spool')
  const started = await startService(t, mariadb, { database: { ...options, host: hosts.join(',') }, settings: { LOGGER_SPOOL_DIR: folder } })
  const service = { ...started, knex: openKnex(t, options) }
  const token = await createUser(service, 'alice')
  // From now on the service knows her without the database.
  await send(service, 'alice', token, [log()])
  return {
    service,
    hosts,
    token,
    folder,
    async storeLog () {
      const before = await count(service.knex)
      const { status, headers } = await send(service, 'alice', token, [log()])
      t.equal(status, 200)
      t.equal(headers['x-log-stored'], undefined, 'stored in the database')
      t.equal(await count(service.knex), before + 1)
    }
  }
}

/** Two servers with the same tables and the same id, as replication would make them. */
async function replicas (t: Test, start = startMariadb): Promise<{ servers: [DatabaseServer, DatabaseServer], options: TestMysqlOptions }> {
  const servers = await Promise.all([start(t), start(t)])
  for (const server of servers) {
    const { code, stderr } = await loggerbot(['setup-database'], { env: environmentOf({ ...server.access, database: 'loggerbot' }) })
    if (code !== 0) throw new Error(stderr)
    await server.query("INSERT INTO loggerbot.database_id (number, id) VALUES (1, 'of both servers')")
  }
  return { servers, options: { ...servers[0].access, database: 'loggerbot' } }
}

/** Removes the newest batches, as a server that lost its newest commits does. */
async function forget (knex: Knex, batches: number): Promise<void> {
  const lost = await knex('ingest_batches').orderBy('first_id', 'desc').limit(batches)
  await knex('ingest_batches').whereIn('batch_key', lost.map((row) => row.batch_key)).delete()
  const rows = await knex('user_logs').orderBy('id', 'desc').limit(batches)
  await knex('user_logs').whereIn('id', rows.map(({ id }) => id)).delete()
}

/** The state of each server, by its name. */
async function states ({ port }: TestService): Promise<Record<string, string>> {
  const { hosts } = JSON.parse((await http(port, 'GET', '/readyz')).body)
  return Object.fromEntries(hosts.map(({ name, active, state }: { name: string, active: boolean, state: string }) => (
    [name, active ? 'active' : state === 'writable' ? 'fit' : state]
  )))
}

async function metric ({ port }: TestService, name: string): Promise<number> {
  return Number(new RegExp(`^loggerbot_${name} (.*)$`, 'm').exec((await http(port, 'GET', '/metrics')).body)![1])
}
