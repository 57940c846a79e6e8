import { monitorEventLoopDelay } from 'node:perf_hooks'
import fp from 'fastify-plugin'
import type { FastifyError, FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { unknownLevels } from '../src/decode/severity/unknown-levels.ts'
import { version } from '../src/version.ts'
import type { SizedBatch } from '../src/write/batch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What Prometheus is told: no label has more than a handful of values, but for 200 levels that no rule understands. */
    logMetrics: Registry
  }
}

/** Why a request was not taken, by the status that said so. */
const reasons: Record<number, string> = {
  400: 'invalid',
  403: 'forbidden',
  409: 'conflict',
  413: 'too_large',
  429: 'too_many',
  503: 'unavailable'
}

/** Counts and measures what the writer does, for GET /metrics. */
export default fp(async (app) => {
  const registry = new Registry()
  app.decorate('logMetrics', registry)
  countWriting(app, registry)
  countUnknownLevels(registry)
  gaugeState(app, registry)
  gaugeProcess(app, registry)
  if (app.hasDecorator('logSyslog')) countSyslog(app, registry)

  const rejects = new Counter({ name: 'loggerbot_rejects_total', help: 'Requests that were not taken', labelNames: ['reason'], registers: [registry] })
  app.addHook('onError', async (_request, _reply, { statusCode = 500 }: FastifyError) => {
    rejects.inc({ reason: reasons[statusCode] ?? (statusCode < 500 ? 'invalid' : 'failed') })
  })
}, { name: 'loggerbot-metrics', fastify: '5.x', dependencies: ['loggerbot-writer', 'loggerbot-preflight'] })

function countUnknownLevels (registry: Registry): void {
  registry.registerMetric(new Counter({
    name: 'loggerbot_unknown_levels_total',
    help: 'Logs whose level no rule understands, by protocol and value: they are info, and keep it',
    labelNames: ['protocol', 'value'],
    registers: [],
    collect () {
      this.reset()
      for (const { source, value, count } of unknownLevels()) this.inc({ protocol: source, value }, count)
    }
  }))
}

function countWriting (app: FastifyInstance, registry: Registry): void {
  const counter = (name: string, help: string) => new Counter({ name: `loggerbot_${name}_total`, help, registers: [registry] })
  const logs = counter('stored_logs', 'Logs committed to the database, straight or from the spool')
  const batches = counter('stored_batches', 'Batches committed to the database, straight or from the spool')
  const bytes = counter('stored_bytes', 'Bytes of logs committed to the database, about')
  const spooled = counter('spooled_logs', 'Logs that went to the spool')
  const drained = counter('drained_logs', 'Logs that came home from the spool')
  const dead = counter('dead_letters', 'Records that became dead letters')
  const trimmed = counter('trimmed_dead_letters', 'Dead letters that were deleted because their user had too many')
  const retries = counter('retried_transactions', 'Transactions that failed and were tried again')
  const replays = counter('replayed_batches', 'Batches that were stored before, by their Idempotency-Key')
  const repeats = counter('repeated_logs', 'Logs that were left out, because they were sent before with a token that has each stored once')
  const seconds = new Histogram({ name: 'loggerbot_commit_seconds', help: 'Seconds that a transaction took', buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5], registers: [registry] })
  const group = new Histogram({ name: 'loggerbot_group_logs', help: 'Logs in a transaction', buckets: [1, 3, 10, 30, 100, 300, 1000, 2000, 5000], registers: [registry] })

  const count = (batches: readonly SizedBatch[]) => batches.reduce((sum, { records }) => sum + records.length, 0)
  app.logWriter.events
    .on('committed', (committed, took, _createdAt, lacking) => {
      const records = count(committed) - lacking
      logs.inc(records)
      batches.inc(committed.length)
      dead.inc(committed.reduce((sum, { rejected = [] }) => sum + rejected.length, 0))
      bytes.inc(committed.reduce((sum, { bytes }) => sum + bytes, 0))
      seconds.observe(took)
      group.observe(records)
    })
    .on('spooled', (batches) => spooled.inc(count(batches)))
    .on('drained', (batches) => drained.inc(count(batches)))
    .on('buried', (records) => dead.inc(records))
    .on('trimmed', (letters) => trimmed.inc(letters))
    .on('retried', () => retries.inc())
    .on('replayed', () => replays.inc())
    .on('repeated', (logs) => repeats.inc(logs))
}

function gaugeState (app: FastifyInstance, registry: Registry): void {
  gauge('queue_logs', 'Logs that wait for a transaction', registry, () => app.logWriter.state.records)
  gauge('queue_bytes', 'Bytes of logs that wait for a transaction', registry, () => app.logWriter.state.bytes)
  gauge('request_bytes', 'Bytes of request bodies under way', registry, () => app.logWriter.state.requestBytes)
  gauge('requests_waiting', 'Requests that wait for memory, unread', registry, () => app.logWriter.state.requestsWaiting)
  gauge('spool_available', '1 while logs could be kept on the disk', registry, () => app.logSpool.spool ? 1 : 0)
  gauge('spool_bytes', 'Bytes in the spool', registry, () => app.logSpool.spool?.bytes ?? 0)
  gauge('spool_foreign', 'Spools of other databases in the folder of the spool, which are left alone', registry, () => app.logSpool.foreign?.length ?? 0)
  gauge('spool_unreadable_files', 'Files of the spool that can\'t be read', registry, () => app.logSpool.spool?.problems.length ?? 0)
  gauge('kept_files', 'Files that hold logs which the database takes neither as logs nor as dead letters', registry, () => app.logWriter.keptFiles)
  gauge('spool_oldest_seconds', 'Age of the oldest batch in the spool', registry, () => (Date.now() - (app.logSpool.spool?.oldest ?? Date.now())) / 1000)
  if (app.hasDecorator('wordIndex')) gauge('word_index_behind_seconds', 'How far the index of words is behind what is stored, on the instance that keeps it', registry, () => app.wordIndex.behind)
  gauge('database_up', '1 while logs are stored in the database, 0 while they go to the spool', registry, () => app.logWriter.state.away ? 0 : 1)
  gauge('durability_risks', 'Ways in which the database, as it is set up, could lose acknowledged logs', registry, () => app.logRisks.length)
}

function countSyslog (app: FastifyInstance, registry: Registry): void {
  const counts = (name: string, help: string, label: string, read: () => Readonly<Record<string, number>>) => registry.registerMetric(new Counter({
    name: `loggerbot_syslog_${name}_total`,
    help,
    labelNames: [label],
    registers: [],
    collect () {
      this.reset()
      for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count)
    }
  }))
  counts('messages', 'Messages that came by syslog', 'transport', () => app.logSyslog.messages)
  counts('lost', 'Messages of syslog that were not stored', 'reason', () => app.logSyslog.lost)
  gauge('syslog_connections', 'Connections of syslog that are open', registry, () => app.logSyslog.connections)
}

function gaugeProcess (app: FastifyInstance, registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  app.addHook('onClose', () => { delay.disable() })
  registry.registerMetric(new Gauge({
    name: 'loggerbot_event_loop_delay_seconds',
    help: 'How late the event loop was since the last look',
    labelNames: ['quantile'],
    registers: [],
    collect () {
      for (const quantile of [0.5, 0.99, 1]) this.set({ quantile }, (delay.percentile(quantile * 100) || 0) / 1e9)
      delay.reset()
    }
  }))

  gauge('resident_memory_bytes', 'Memory of the process', registry, () => process.memoryUsage.rss())
  registry.registerMetric(new Counter({
    name: 'loggerbot_cpu_seconds_total',
    help: 'Seconds of processor time that the process took',
    registers: [],
    collect () {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    }
  }))
  const build = new Gauge({ name: 'loggerbot_build_info', help: 'Which version runs', labelNames: ['version', 'node'], registers: [registry] })
  build.set({ version, node: process.versions.node }, 1)
}

function gauge (name: string, help: string, registry: Registry, value: () => number): void {
  registry.registerMetric(new Gauge({ name: `loggerbot_${name}`, help, registers: [], collect () { this.set(value()) } }))
}
