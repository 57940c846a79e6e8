// Searches and counts are read from a replica, which may be behind, or away: real replication, MariaDB's and MySQL's.
// What the replica answers is recognized by the name of the process, which is another one there.
import t, { type Test } from 'tap'
import { followTail, type EventReader } from '../helpers/events.ts'
import { mariadb, type TestMysqlOptions } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { Proxy } from '../helpers/proxy.ts'
import { startReplication, type Replication } from '../helpers/replication.ts'
import { mysql as mysqlKind } from '../helpers/servers.ts'
import { basic, createUser, log, send, startService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

t.jobs = 2

const kinds = ['MariaDB', ...mysqlKind.missing ? [] : ['MySQL']] as const
const here = 'process name'
const elsewhere = 'as the replica has it'

interface Stage extends Replication {
  service: TestService
  /** Between the service and the replica. */
  proxy: Proxy
  store: (msg: string) => Promise<void>
  ask: (path: string) => Promise<{ headers: Record<string, unknown>, body: any }>
}

for (const kind of kinds) {
  t.test(`${kind}: searches read a replica`, async (t) => {
    const { service, proxy, store, ask, pause, resume } = await stage(t, kind as 'MariaDB' | 'MySQL')
    const list = async () => (await ask('/api/logs?order=oldest')).body
    // Of the first log, the replica has another process.
    const whereRead = async () => (await list()).logs[0].process
    // On a busy machine the replica may take too long to answer, and is left for a moment.
    const untilElsewhere = (path: string) => until(`${path} is read from the replica, which has all`, async () => {
      const { body } = await ask(path)
      return body.lag === undefined && JSON.stringify(body).includes(elsewhere) && body
    })

    await t.test('of lists, counts and exports, but not single logs', async (t) => {
      const { logs } = await untilElsewhere('/api/logs')
      t.match(logs, [{ process: elsewhere, message: 'first' }])
      t.match(await untilElsewhere('/api/logs/facets?field=process'), { facets: [{ values: [{ value: elsewhere, count: 1 }] }] })
      await untilElsewhere('/api/logs/histogram?interval=1h&by=process')
      const ofElsewhere = new URLSearchParams({ query: `process:"${elsewhere}"` })
      await until('it is counted there', async () => (await ask(`/api/logs/count?${ofElsewhere}`)).body.count === 1)
      await until('it is exported from there', async () => (
        (await http(service.port, 'GET', '/api/logs/export', basic('alice'))).body.includes(elsewhere)
      ))
      t.match((await ask('/api/logs/stats?field=pid')).body, { count: 1, min: 1 })
      t.match((await ask('/api/logs/fields')).body, { sampled: 1 })
      t.equal((await ask(`/api/logs/${logs[0].id}`)).body.process, here)
      t.match((await ask(`/api/logs/${logs[0].id}/context`)).body.logs, [{ process: here }])
      await until('it says so', async () => (await readyz(service)).readHost.state === 'up to date')
      t.match(await readyz(service), { readHost: { name: `127.0.0.1:${proxy.port}` } })
      await until('the metrics say so', async () => await metric(service, 'read_host_up') === 1)
    })

    await t.test('an acknowledged log is found at once, or the answer says that it is behind', async (t) => {
      for (let number = 1; number <= 20; number++) {
        await store(`number ${number}`)
        const { logs, lag } = await list()
        t.ok(logs.length === 1 + number || lag > 0, `log ${number}`)
      }
    })

    await t.test('one that is behind is read as of the time that it has, and says so', async (t) => {
      await until('it has caught up', async () => (await list()).logs.length === 21)
      const live = await followTail(t, service, basic('alice'), 'late')
      await pause()
      for (const msg of ['late 1', 'late 2', 'late 3']) await store(msg)
      const { headers, body } = await until('it is known to be behind', async () => {
        const answer = await ask('/api/logs?order=oldest')
        return answer.body.lag > 0 && answer
      })
      t.equal(Number(headers['x-log-lag']), body.lag)
      t.equal(body.logs.length, 21)
      t.match(body.logs, [{ process: elsewhere }])
      t.equal(body.complete, true)
      const count = (await ask(`/api/logs/count?asOf=${body.asOf}`)).body
      t.match(count, { count: 21 })
      t.equal(count.lag, undefined, 'the time is one that it has')
      await until('a histogram says so, too', async () => (await ask('/api/logs/histogram?interval=1h')).body.lag > 0)

      await t.test('no log is missing from a tail', async (t) => {
        const late = ['late 1', 'late 2', 'late 3']
        await live.until('the live tail has them', () => messagesOf(live).length >= 3)
        t.strictSame(messagesOf(live), late)
        const tail = await followTail(t, service, basic('alice'), { after: body.place })
        await tail.until('a tail from the list on has them', () => messagesOf(tail).length >= 3)
        t.strictSame(messagesOf(tail), late)
      })
      await t.test('nor from a list or a count as of a time that it lacks', async (t) => {
        const now = new Date(Date.parse(body.asOf) + 1000 * body.lag).toISOString()
        t.match((await ask(`/api/logs/count?asOf=${now}`)).body, { count: 24 })
        const later = (await ask(`/api/logs?order=oldest&asOf=${now}`)).body
        t.equal(later.logs.length, 24)
        t.match(later.logs, [{ process: here }])
      })
      await until('the health tells of it', async () => /^\d+ s behind$/.test((await readyz(service)).readHost.state))
      await until('the metrics tell of it', async () => await metric(service, 'read_host_lag_seconds') > 1)
      await resume()
      const { logs } = await until('it has caught up', async () => {
        const answer = await list()
        return answer.lag === undefined && answer
      })
      t.equal(logs.length, 24)
    })

    for (const mode of ['refuse', 'hang'] as const) {
      await t.test(`while it ${mode}s, the server that stores is read`, async (t) => {
        await untilElsewhere('/api/logs')
        await proxy.setMode(mode)
        // What is under way is read again.
        const [first] = await Promise.all([list(), list(), whereRead()])
        t.match([first.logs.length, first.logs[0].process], [24, here])
        t.equal(await whereRead(), here)
        const { status, readHost, warnings } = await readyz(service)
        t.match({ status, readHost }, { status: 'ok', readHost: { active: false, state: mode === 'refuse' ? /ECONNREFUSED|LOST/ : /no answer/ } })
        t.match(warnings.join(), /LOGGER_DB_READ_HOST 127\.0\.0\.1:\d+ is not read: /)
        t.equal(await metric(service, 'read_host_up'), 0)
        await proxy.setMode('pass')
        await until('it is read again', async () => await whereRead() === elsewhere)
      })
    }
  })
}

t.test('a server that replicates nothing is not read', async (t) => {
  const database = await mariadb.createMigrated(t)
  const other = await mariadb.access()
  const service = await startService(t, mariadb, { database, settings: { LOGGER_DB_READ_HOST: `127.0.0.1:${other.port}` } })
  await createUser(service, 'alice')
  // It is the same server, so it has all announcements.
  await until('it is read', async () => (await readyz(service)).readHost.active)
  await service.knex.raw('RENAME TABLE instances TO instances_elsewhere')
  const { readHost } = await until('it is not read', async () => {
    const health = await readyz(service)
    return !health.readHost.active && health
  })
  t.match(readHost.state, /ER_NO_SUCH_TABLE/)
  t.equal((await http(service.port, 'GET', '/api/logs', basic('alice'))).status, 200)
  await service.knex.raw('RENAME TABLE instances_elsewhere TO instances')
})

/** A service on a server and its replica, with a log of alice that has another process there. */
async function stage (t: Test, kind: 'MariaDB' | 'MySQL'): Promise<Stage> {
  const replication = await startReplication(t, kind)
  const { source, replica } = replication
  await source.query('CREATE DATABASE loggerbot')
  const database: TestMysqlOptions = { ...source.access, database: 'loggerbot' }
  const proxy = await Proxy.start(t, replica.access.port)
  const service = await startService(t, mariadb, { database, settings: { LOGGER_DB_READ_HOST: `127.0.0.1:${proxy.port}` } })
  const token = await createUser(service, 'alice')
  const store = async (msg: string) => {
    t.equal((await send(service, 'alice', token, [log({ msg })])).status, 200)
  }
  await store('first')
  await until('the replica has it', async () => (await replica.query('SELECT COUNT(*) AS logs FROM loggerbot.user_logs').catch(() => [{ logs: 0 }]))[0].logs === 1)
  await replica.query(`UPDATE loggerbot.user_logs SET p_name = '${elsewhere}'`)
  await until('the replica is read', async () => (await readyz(service)).readHost.active)
  const ask = async (path: string) => {
    const { status, headers, body } = await http(service.port, 'GET', path, basic('alice'))
    t.equal(status, 200, path)
    return { headers, body: JSON.parse(body) }
  }
  return { ...replication, service, proxy, store, ask }
}

/** The messages of the logs that a tail has told. */
function messagesOf ({ events }: EventReader): string[] {
  return events.flatMap(({ data }) => data === undefined ? [] : JSON.parse(data).message ?? [])
}

async function readyz ({ port }: TestService): Promise<any> {
  return JSON.parse((await http(port, 'GET', '/readyz')).body)
}

async function metric ({ port }: TestService, name: string): Promise<number> {
  return Number(new RegExp(`^loggerbot_${name} (.*)$`, 'm').exec((await http(port, 'GET', '/metrics')).body)![1])
}
