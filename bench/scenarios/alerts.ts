import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServerAccess } from '../../test/helpers/servers.ts'
import { post } from '../../test/helpers/http.ts'
import { addRules, AlertTargets, exactNow, lagOf, rulesOfUser } from '../alerting.ts'
import type { Bench } from '../bench.ts'
import { corpusRequest, corpusUser, seeded } from '../corpus.ts'
import { underLoad, type LoadOptions } from '../load.ts'
import { interleave, ratio, type Report, type Sample } from '../measure.ts'
import type { Service } from '../service.ts'

/** Logs a second while the latency is measured, in requests of 30. */
const backgroundRate = 1000
const logsPerRequest = 30
/** Users with one awaited error each. Each has a webhook and a chat, because a channel gets few messages a minute. */
const probingUsers = 50
/** Delay after which the groups count as caught up, in seconds. */
const caughtUpSeconds = 1
/** A message that has not come after this, in milliseconds, is lost. */
const maxLatencyMs = 120_000

/** What alerts cost writing, and how soon they arrive. */
export async function * alerts (bench: Bench): AsyncGenerator<Report> {
  yield * onDatabase(bench, { name: 'SQLite', server: undefined })
  yield * onDatabase(bench, { name: 'MariaDB', server: await bench.server() })
  const mysql = await bench.mysql()
  if (mysql) yield * onDatabase(bench, { name: 'MySQL', server: mysql })
}

async function * onDatabase (bench: Bench, place: Place): AsyncGenerator<Report> {
  const targets = await AlertTargets.start()
  try {
    yield * rates(bench, targets, place)
    await bench.endScenario()
    yield await latency(bench, targets, place)
    await bench.endScenario()
  } finally {
    await targets.stop()
  }
}

interface Place {
  name: string
  server: ServerAccess | undefined
}

function databaseAt (bench: Bench, { server }: Place, users: number) {
  return server ? bench.onlyTables({ server, users }) : bench.onlySqlite({ users })
}

async function * rates (bench: Bench, targets: AlertTargets, place: Place): AsyncGenerator<Report> {
  const { folder, rounds, seconds } = bench
  const off = await bench.oursOn(await databaseAt(bench, place, 1), { env: { LOGGER_ALERTS: 'false' } })
  const on = await bench.oursOn(await databaseAt(bench, place, 1), { env: targets.environment })
  await targets.addWebhook(on, corpusUser(1).name)
  await addRules(on, corpusUser(1).name)
  for (const [logs, errors, atLeast] of [[30, 0.05, 0.95], [1, 0.05, 0.95], [30, 1, 0.8]] as const) {
    const lags: number[] = []
    const catchUps: number[] = []
    const samples = await interleave({
      'without alerts': () => watchLag(off, { folder, logs, errors, seconds }, () => {}),
      'with alerts': () => watchLag(on, { folder, logs, errors, seconds }, ({ lag, catchUp }) => {
        lags.push(lag)
        catchUps.push(catchUp)
      })
    }, rounds)
    yield {
      name: 'alerts',
      title: `${place.name}: ${logs} ${logs === 1 ? 'log' : 'logs'} a request, ${errors * 100} % errors, 64 connections, ${rulesOfUser} rules`,
      samples,
      findings: [
        ratio(samples, ['with alerts', 'without alerts'], 'rows', { atLeast }),
        { title: 'longest lag of the rules under load, s', values: lags },
        { title: 'time to catch up afterwards, s', values: catchUps }
      ]
    }
  }
}

/** Puts a service under load; tells by how much its rules were behind, and how long they took to catch up. */
async function watchLag (
  service: Service, load: LoadOptions, tell: (seen: { lag: number, catchUp: number }) => void
): Promise<Sample> {
  let lag = 0
  let endsAt = performance.now()
  const timer = setInterval(() => {
    endsAt = performance.now()
    lagOf(service).then((seconds) => { lag = Math.max(lag, seconds) }, () => {})
  }, 500)
  const sample = await underLoad(service, load).finally(() => clearInterval(timer))
  while (await lagOf(service) > caughtUpSeconds) await delay(50)
  tell({ lag, catchUp: (performance.now() - endsAt) / 1000 })
  return sample
}

/** The time from an answer of 200 to the message, while logs of another user come. */
async function latency (bench: Bench, targets: AlertTargets, place: Place): Promise<Report> {
  const database = await databaseAt(bench, place, probingUsers + 1)
  const instances = [await bench.oursOn(database, { env: targets.environment })]
  if (place.server) instances.push(await bench.oursOn(database, { env: targets.environment }))
  const [first] = instances as [Service]
  await targets.addWebhook(first, corpusUser(1).name)
  await addRules(first, corpusUser(1).name)
  for (let user = 2; user <= probingUsers + 1; user++) {
    await targets.addWebhook(first, corpusUser(user).name)
    await targets.linkChat(first, corpusUser(user).name, user)
  }
  const samples: Record<string, Sample[]> = { webhook: [], Telegram: [] }
  for (let round = 0; round < bench.rounds; round++) {
    const { rows, webhook, telegram } = await probe(instances, targets, { seconds: bench.seconds, round })
    samples.webhook?.push({ rows, ...spread(webhook) })
    samples.Telegram?.push({ rows, ...spread(telegram) })
  }
  const about = place.server ? 'two instances' : 'one instance'
  return {
    name: 'alerts',
    title: `${place.name}, ${about}: from 200 to the message, at ${backgroundRate} logs/s, ${probingUsers} errors a round`,
    samples,
    findings: ['webhook', 'Telegram'].map((name) => (
      { title: `${name}, p99 ms`, values: samples[name]?.map(({ p99 }) => p99 ?? Infinity) ?? [], atMost: 3000 }
    ))
  }
}

async function probe (
  instances: readonly Service[], targets: AlertTargets, { seconds, round }: { seconds: number, round: number }
): Promise<{ rows: number, webhook: number[], telegram: number[] }> {
  const random = seeded(round + 1)
  const agent = new Agent({ keepAlive: true })
  const durationMs = Math.max(10, seconds) * 1000
  const background = sendSteadily(instances, agent, durationMs)
  const probes = Array.from({ length: probingUsers }, async (_, index) => {
    await delay(random() * durationMs)
    const word = Array.from({ length: 12 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('')
    const { port } = instances[index % instances.length]!
    const { status } = await sendLogs(port, agent, index + 2, [{ level: 'error', msg: `failure of ${word}` }])
    if (status !== 200) throw new Error(`an error was answered ${status}`)
    const answeredAt = exactNow()
    const arrived = () => ({
      webhook: targets.titles.get(`failure of ${word}`), telegram: targets.arrivedInChat(index + 2, word)
    })
    while (exactNow() - answeredAt < maxLatencyMs) {
      const { webhook, telegram } = arrived()
      if (webhook !== undefined && telegram !== undefined) {
        return { webhook: webhook - answeredAt, telegram: telegram - answeredAt }
      }
      await delay(20)
    }
    throw new Error(`an alert did not arrive within ${maxLatencyMs} ms`)
  })
  const latencies = await Promise.all(probes)
  const rows = await background
  agent.destroy()
  return { rows, webhook: latencies.map(({ webhook }) => webhook), telegram: latencies.map(({ telegram }) => telegram) }
}

/** Sends logs of the first user at a steady rate; resolves to the rows a second that were acknowledged. */
async function sendSteadily (instances: readonly Service[], agent: Agent, durationMs: number): Promise<number> {
  const random = seeded(1)
  const from = performance.now()
  const sent: Array<Promise<{ status: number }>> = []
  for (let index = 0; performance.now() - from < durationMs; index++) {
    const logs = corpusRequest(random, logsPerRequest, 0.05).logs
    sent.push(sendLogs(instances[index % instances.length]!.port, agent, 1, logs.map(({ level, message }) => ({ level, msg: message }))))
    await delay(Math.max(0, from + (index + 1) * 1000 * logsPerRequest / backgroundRate - performance.now()))
  }
  const stored = (await Promise.all(sent)).filter(({ status }) => status === 200).length
  return stored * logsPerRequest * 1000 / (performance.now() - from)
}

/** Sends logs as the contract has them. */
function sendLogs (port: number, agent: Agent, user: number, logs: Array<{ level: string | number, msg: string }>) {
  const { name, token } = corpusUser(user)
  const at = new Date().toISOString()
  const data = {
    user: name, pid: 1, p_name: 'bench', post_time: at, logs: logs.map((log) => ({ ...log, event_at: at, p_description: '' }))
  }
  return post(port, '/send_logs', { data }, { 'x-user-token': token }, agent)
}

function spread (latencies: readonly number[]): Pick<Sample, 'p50' | 'p99' | 'max'> {
  const sorted = [...latencies].sort((one, other) => one - other)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
