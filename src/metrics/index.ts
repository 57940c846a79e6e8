import type { EventEmitter } from 'node:events'
import { Counter, Registry } from 'prom-client'
import type { OutboxState } from '../alerts/outbox/history.ts'
import type { DatabaseHosts, HostState } from '../store/dialects/dialect.ts'
import { unknownLevels } from '../decode/severity/unknown-levels.ts'
import type { WriterEvents } from '../write/log-writer.ts'
import { measureProcess } from './process.ts'
import { addGauge, addReadCounter, addReadGauge, gaugesOf } from './registry.ts'
import { countWriting } from './writing.ts'

/** What is measured. Parts that the service does not have are undefined. */
export interface Sources {
  writer: {
    events: EventEmitter<WriterEvents>
    readonly state: { records: number, bytes: number, requestBytes: number, requestsWaiting: number, away: boolean }
    readonly keptFiles: number
  }
  spool: {
    readonly spool?: {
      readonly bytes: number
      /** Milliseconds since 1970; undefined while it is empty. */
      readonly oldest: number | undefined
      readonly problems: readonly string[]
    }
    readonly foreign?: readonly string[]
  }
  wordIndex: { readonly behind: number } | undefined
  alerts: { readonly behind: number, readonly outbox: OutboxState } | undefined
  syslog: {
    readonly messages: Readonly<Record<string, number>>
    readonly lost: Readonly<Record<string, number>>
    readonly connections: number
  } | undefined
  risks: () => readonly string[]
  /** The servers of the database, if there are several. */
  hosts: DatabaseHosts | undefined
  /** The replica that searches are read from, if there is one. */
  readHost: { readonly state: { reason: string | undefined, lagMs: number } } | undefined
}

export interface Metrics {
  /** No label has more than a few values, except for 200 levels that no rule understands. */
  registry: Registry
  countRefusal: (status: number) => void
  close: () => void
}

/** Values of the label `reason` by status. */
const reasons: Record<number, string> = {
  400: 'invalid',
  403: 'forbidden',
  409: 'conflict',
  413: 'too_large',
  429: 'too_many',
  503: 'unavailable'
}

/** Counts and measures the service for Prometheus. */
export function createMetrics (sources: Sources): Metrics {
  const registry = new Registry()
  countWriting(registry, sources.writer.events)
  countUnknownLevels(registry)
  measureState(registry, sources)
  measureSpool(registry, sources.spool)
  if (sources.hosts) measureHosts(registry, sources.hosts)
  if (sources.readHost) measureReadHost(registry, sources.readHost)
  if (sources.syslog) countSyslog(registry, sources.syslog)
  const close = measureProcess(registry)
  const rejects = new Counter({
    name: 'loggerbot_rejects_total',
    help: 'Refused requests',
    labelNames: ['reason'],
    registers: [registry]
  })
  const countRefusal = (status: number) => {
    rejects.inc({ reason: reasons[status] ?? (status < 500 ? 'invalid' : 'failed') })
  }
  return { registry, countRefusal, close }
}

function countUnknownLevels (registry: Registry): void {
  addReadCounter(registry, {
    name: 'unknown_levels_total',
    help: 'Logs with a level that no rule understands, by protocol and level: they are info, and keep it'
  }, ['protocol', 'value'], () => (
    Array.from(unknownLevels(), ({ source, value, count }) => [{ protocol: source, value }, count])
  ))
}

function measureState (registry: Registry, { writer, wordIndex, alerts, risks }: Sources): void {
  const { sum, least, most } = gaugesOf(registry)
  sum('workers', 'Processes that serve this port', () => 1)
  sum('queue_logs', 'Logs that wait for a transaction', () => writer.state.records)
  sum('queue_bytes', 'Bytes of logs that wait for a transaction', () => writer.state.bytes)
  sum('request_bytes', 'Bytes of request bodies under way', () => writer.state.requestBytes)
  sum('requests_waiting', 'Requests that wait for memory, unread', () => writer.state.requestsWaiting)
  sum('kept_files', 'Files with logs that the database stores neither as logs nor as dead letters', () => (
    writer.keptFiles
  ))
  least('database_up', '1 while logs are stored in the database, 0 while they go to the spool', () => (
    writer.state.away ? 0 : 1
  ))
  most('durability_risks', 'Database settings that could lose acknowledged logs', () => risks().length)
  if (wordIndex) {
    most('word_index_behind_seconds', 'Delay of the word index, on the instance that keeps it', () => wordIndex.behind)
  }
  if (alerts) {
    most('alerts_behind_seconds', 'Delay of the groups of errors, on the instance that counts', () => alerts.behind)
    most('alerts_waiting', 'Alerts that wait for a channel, on the instance that sends', () => alerts.outbox.waiting)
    most('alerts_oldest_seconds', 'Age of the oldest alert that waits', () => alerts.outbox.oldestSeconds)
    most('alerts_uncertain', 'Alerts that wait to be sent again: they may have arrived', () => (
      alerts.outbox.uncertain
    ))
    most('alerts_given_up', 'Alerts of the last 90 days that no channel took', () => alerts.outbox.givenUp)
  }
}

function measureSpool (registry: Registry, source: Sources['spool']): void {
  const { sum, least, most } = gaugesOf(registry)
  least('spool_available', '1 while logs can be kept in the spool', () => source.spool ? 1 : 0)
  sum('spool_bytes', 'Bytes in the spool', () => source.spool?.bytes ?? 0)
  most('spool_foreign', 'Spools of other databases in the folder of the spool, which are left alone', () => (
    source.foreign?.length ?? 0
  ))
  sum('spool_unreadable_files', 'Files of the spool that cannot be read', () => source.spool?.problems.length ?? 0)
  most('spool_oldest_seconds', 'Age of the oldest batch in the spool', () => {
    const now = Date.now()
    return (now - (source.spool?.oldest ?? now)) / 1000
  })
}

function measureHosts (registry: Registry, hosts: DatabaseHosts): void {
  const gauge = (name: string, help: string, read: (state: HostState) => boolean) => addReadGauge(
    registry, { name, help, aggregator: 'max' }, ['host'],
    () => hosts.states.map((state) => [{ host: state.name }, read(state) ? 1 : 0]))
  gauge('database_host_active', '1 for the server of the database that is used', ({ isActive }) => isActive)
  gauge('database_host_fit', '1 for each server of the database that may be used', ({ isFit }) => isFit)
  const changes = { name: 'database_host_changes_total', help: 'Changes of the server of the database' }
  addReadCounter(registry, changes, [], () => [[{}, hosts.changes]])
}

function measureReadHost (registry: Registry, source: NonNullable<Sources['readHost']>): void {
  const { least, most } = gaugesOf(registry)
  least('read_host_up', '1 while searches are read from the replica', () => source.state.reason === undefined ? 1 : 0)
  most('read_host_lag_seconds', 'How far the replica that is read is behind', () => source.state.lagMs / 1000)
}

function countSyslog (registry: Registry, syslog: NonNullable<Sources['syslog']>): void {
  const messages = { name: 'syslog_messages_total', help: 'Messages received by syslog' }
  addReadCounter(registry, messages, ['transport'], () => (
    Object.entries(syslog.messages).map(([transport, count]) => [{ transport }, count])
  ))
  const lost = { name: 'syslog_lost_total', help: 'Messages of syslog that were not stored' }
  addReadCounter(registry, lost, ['reason'], () => (
    Object.entries(syslog.lost).map(([reason, count]) => [{ reason }, count])
  ))
  addGauge(registry, { name: 'syslog_connections', help: 'Open connections of syslog' }, () => syslog.connections)
}
