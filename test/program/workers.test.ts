// `loggerbot serve --workers`: several processes on one port, killed, restarted and stopped under load.
import { createSocket } from 'node:dgram'
import { readdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Knex } from 'knex'
import t from 'tap'
import { Follower } from '../chaos/follower.ts'
import { loggerbotProcess, serve, type Served } from '../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, temporaryFolder } from '../helpers/databases.ts'
import { http, post, type Answer } from '../helpers/http.ts'
import { freePort } from '../helpers/ports.ts'
import { workerPids } from '../helpers/processes.ts'
import { Proxy } from '../helpers/proxy.ts'
import { mariadb as mariadbKind } from '../helpers/servers.ts'
import { apiKey, body, createUser, log, stored } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

const workersOf = ({ child }: Served) => workerPids(child.pid!)

async function metric (port: number, name: string): Promise<number> {
  return Number(new RegExp(`^loggerbot_${name} (.*)$`, 'm').exec((await http(port, 'GET', '/metrics')).body)![1])
}

interface Load {
  /** Messages that were acknowledged. */
  acknowledged: string[]
  /** What went wrong: answers other than 200, and connections that broke. */
  failures: string[]
  stop (): Promise<void>
}

let loads = 0

/** Clients that each send one log after the other on a connection of their own, and go on after a failure. */
function startLoad (port: number, token: string, clients = 8): Load {
  const load: Load = { acknowledged: [], failures: [], stop }
  const stopping = new AbortController()
  const number = loads++
  const agents = Array.from({ length: clients }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  const running = Promise.all(agents.map(async (agent, client) => {
    for (let i = 0; !stopping.signal.aborted; i++) {
      const msg = `c${client}-r${number}-l${i}`
      const answer = await post(port, '/send_logs', body('denis', [log({ msg })]), { 'x-user-token': token }, agent).catch((error) => error as Error)
      if ('status' in answer && answer.status === 200) load.acknowledged.push(msg)
      else load.failures.push('status' in answer ? String(answer.status) : answer.message)
    }
  }))
  return load

  async function stop (): Promise<void> {
    stopping.abort()
    await running
    for (const agent of agents) agent.destroy()
  }
}

function moreOf (load: Load, logs: number): Promise<unknown> {
  const least = load.acknowledged.length + logs
  return until('more logs are acknowledged', () => load.acknowledged.length >= least, { progress: () => load.acknowledged.length })
}

/** Compares the table with what was acknowledged: lost, and stored twice. */
async function compare (knex: Knex, acknowledged: readonly string[]): Promise<{ lost: string[], twice: string[] }> {
  const rows = (await stored(knex)).map((row) => row.log_msg as string)
  const set = new Set(rows)
  return { lost: acknowledged.filter((msg) => !set.has(msg)), twice: rows.filter((msg, index) => rows.indexOf(msg) !== index) }
}

for (const database of databases) {
  t.test(`two workers on ${database.name}`, async (t) => {
    const options = await database.createMigrated(t)
    const knex = openKnex(t, options)
    const syslogPort = await freePort()
    const env = { ...environmentOf(options), LOGGER_API_KEY: apiKey, LOGGER_LOG_LEVEL: 'info', LOGGER_SYSLOG_PORT: String(syslogPort), LOGGER_SYSLOG_USER: 'denis' }
    const served = await serve(t, ['--workers=2'], { env })
    const { port, child } = served
    const token = await createUser({ port }, 'denis')
    const acknowledged: string[] = []

    await t.test('serve one port, and greet once', async (t) => {
      t.equal(served.stdout().match(/listens on/g)?.length, 1)
      t.match(served.stdout(), /^ {2}workers {5}2$/m)
      t.equal(workersOf(served).length, 2)
      const refusing = () => new Set([...served.stdout().matchAll(/"pid":(\d+),[^\n]*"request refused"/g)].map(([, pid]) => Number(pid)))
      await until('each of them has answered', async () => {
        await post(port, '/send_logs', '{', { 'x-user-token': token })
        return refusing().size === 2
      })
      t.strictSame(refusing(), new Set(workersOf(served)))
    })

    await t.test('show the logs of both in the tail of one', async (t) => {
      const follower = new Follower(port)
      const load = startLoad(port, token)
      await moreOf(load, 200)
      await load.stop()
      acknowledged.push(...load.acknowledged)
      await until('the tail has told of every log', () => follower.logs.size >= acknowledged.length, { progress: () => follower.logs.size })
      t.strictSame([follower.missed, [...follower.logs.values()].filter((times) => times > 1).length], [0, 0])
      await follower.close()
    })

    await t.test('take syslog: connections on both, datagrams on one', async (t) => {
      const before = (await stored(knex)).length
      const udp = createSocket('udp4')
      for (let n = 0; n < 20; n++) udp.send(`<13>Nov 27 15:00:00 host app: udp ${n}`, syslogPort, '127.0.0.1')
      for (let n = 0; n < 20; n++) connect(syslogPort, '127.0.0.1').end(`<13>Nov 27 15:00:00 host app: tcp ${n}\n`)
      await until('all are stored', async () => (await stored(knex)).length === before + 40)
      udp.close()
      t.equal(await metric(port, 'syslog_messages_total{transport="udp"}'), 20)
      t.equal(await metric(port, 'syslog_messages_total{transport="tcp"}'), 20)
    })

    await t.test('lose and repeat nothing when one is killed, and it is replaced', async (t) => {
      const load = startLoad(port, token)
      await moreOf(load, 100)
      const before = await metric(port, 'stored_logs_total')
      const [victim, other] = workersOf(served)
      process.kill(victim!, 'SIGKILL')
      await until('another worker serves', async () => workersOf(served).length === 2 && await metric(port, 'workers') === 2)
      t.notOk(workersOf(served).includes(victim!))
      t.ok(workersOf(served).includes(other!))
      t.ok(await metric(port, 'stored_logs_total') >= before, 'the counters of the worker that died still count')
      await moreOf(load, 100)
      await load.stop()
      acknowledged.push(...load.acknowledged)
      t.match(served.stderr(), `worker ${victim} ended (SIGKILL); another one takes its place`)
      t.strictSame(await compare(knex, acknowledged), { lost: [], twice: [] })
    })

    await t.test('restart one by one at SIGHUP, and refuse no request', async (t) => {
      const load = startLoad(port, token)
      await moreOf(load, 100)
      const before = workersOf(served)
      child.kill('SIGHUP')
      await until('both are new', () => workersOf(served).length === 2 && !workersOf(served).some((pid) => before.includes(pid)), { progress: () => load.acknowledged.length })
      await moreOf(load, 100)
      await load.stop()
      acknowledged.push(...load.acknowledged)
      t.strictSame(load.failures, [])
      t.strictSame(await compare(knex, acknowledged), { lost: [], twice: [] })
      t.equal(await metric(port, 'workers'), 2)
    })

    await t.test('restart all again at a SIGHUP that comes during a restart', async () => {
      const before = workersOf(served)
      child.kill('SIGHUP')
      await until('the first successor has begun', () => workersOf(served).length === 3)
      const during = workersOf(served).concat(before)
      child.kill('SIGHUP')
      await until('all are new', async () => !workersOf(served).some((pid) => during.includes(pid)) && await metric(port, 'workers') === 2)
    })

    await t.test('tell the metrics of both, and of those that ended', async (t) => {
      const sums = await Promise.all(Array.from({ length: 4 }, () => metric(port, 'stored_logs_total')))
      t.equal(new Set(sums).size, 1, 'whichever answers')
      // What the killed worker stored since it was last asked is unknown.
      const rows = (await stored(knex)).length
      t.ok(sums[0]! <= rows && sums[0]! > rows / 2, `${sums[0]} of ${rows}`)
    })

    await t.test('finish what is under way at SIGTERM, and end with 0', async (t) => {
      const load = startLoad(port, token)
      await moreOf(load, 100)
      child.kill('SIGTERM')
      t.equal(await served.ended, 0)
      await load.stop()
      acknowledged.push(...load.acknowledged)
      t.strictSame(load.failures.filter((failure) => /^\d+$/.test(failure)), [], 'no request that reached a worker is refused')
      t.strictSame(await compare(knex, acknowledged), { lost: [], twice: [] })
    })
  })
}

t.test('workers during an outage of the database', { skip: mariadbKind.missing }, async (t) => {
  const direct = await mariadb.createMigrated(t)
  const knex = openKnex(t, direct)
  const proxy = await Proxy.start(t, direct.port)
  const spool = join(temporaryFolder(t), 'spool')
  const env = { ...environmentOf({ ...direct, port: proxy.port }), LOGGER_API_KEY: apiKey, LOGGER_LOG_LEVEL: 'error', LOGGER_SPOOL_DIR: spool }
  const segments = (home: string) => readdirSync(join(spool, home)).filter((name) => name.endsWith('.spool')).length
  // A port that the system chooses is another one once no worker is left.
  const served = await serve(t, ['--workers=2', `--port=${await freePort()}`], { env })
  const token = await createUser(served, 'denis')
  const acknowledged: string[] = []

  async function sendOne (port: number): Promise<Answer> {
    const msg = `log ${acknowledged.length}`
    const answer = await post(port, '/send_logs', body('denis', [log({ msg })]), { 'x-user-token': token })
    if (answer.status === 200) acknowledged.push(msg)
    return answer
  }

  await t.test('both know the users of each other, and spool', async (t) => {
    t.equal((await sendOne(served.port)).status, 200, 'one of them has seen the token')
    await proxy.setMode('refuse')
    for (let i = 0; i < 8; i++) t.match(await sendOne(served.port), { status: 200, headers: { 'x-log-stored': 'spool' } })
    t.ok(segments('') > 0)
    t.ok(segments('worker-2') > 0)
  })

  await t.test('a successor knows them, and keeps the spool of the worker that died', async (t) => {
    const before = workersOf(served)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await until('others serve', async () => workersOf(served).length === 2 && !workersOf(served).some((pid) => before.includes(pid)) && await metric(served.port, 'workers').catch(() => 0) === 2)
    for (let i = 0; i < 8; i++) t.match(await sendOne(served.port), { status: 200, headers: { 'x-log-stored': 'spool' } })
  })

  await t.test('successors at SIGHUP spool as well', async (t) => {
    const before = workersOf(served)
    served.child.kill('SIGHUP')
    await until('both are new', () => workersOf(served).length === 2 && !workersOf(served).some((pid) => before.includes(pid)))
    for (let i = 0; i < 8; i++) t.match(await sendOne(served.port), { status: 200, headers: { 'x-log-stored': 'spool' } })
    served.child.kill('SIGTERM')
    t.equal(await served.ended, 0)
    t.equal((await stored(knex)).length, 1)
    t.ok(segments('worker-3') > 0, 'a third worker used a folder while both were replaced')
  })

  await t.test('fewer workers store what more have spooled, once', async (t) => {
    await proxy.setMode('pass')
    const alone = await serve(t, [], { env })
    await until('all are stored', async () => (await stored(knex)).length >= acknowledged.length, { progress: () => segments('worker-2') + segments('worker-3') })
    await until('the spools are empty', () => ['', 'worker-2', 'worker-3'].every((home) => segments(home) === 0))
    t.strictSame((await stored(knex)).map((row) => row.log_msg), acknowledged, 'in the order in which they were sent')
    alone.child.kill('SIGTERM')
    t.equal(await alone.ended, 0)
  })
})

t.test('a worker that can\'t start ends the command as without workers, once', async (t) => {
  const folder = temporaryFolder(t)
  const env = { LOGGER_DB_FILE: join(folder, 'logs.sqlite'), LOGGER_LOG_LEVEL: 'silent' }
  const taken = await serve(t, [], { env: { ...env, LOGGER_DB_FILE: join(folder, 'other.sqlite') } })
  const failing: Record<string, string[]> = {
    'a port in use': [`--port=${taken.port}`],
    'a database that does not answer': ['--port=0', '--user=nobody', '--db-host=127.0.0.1', `--db-port=${taken.port}`, '--spool-dir='],
    'a wrong setting': ['--port=x']
  }
  for (const [name, flags] of Object.entries(failing)) {
    await t.test(name, async (t) => {
      const alone = await loggerbotProcess(['serve', ...flags], { env })
      const several = await loggerbotProcess(['serve', '--workers=2', ...flags], { env })
      t.not(alone.code, 0)
      t.equal(several.code, alone.code)
      t.equal(several.stderr, alone.stderr)
    })
  }
})
