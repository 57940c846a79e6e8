import type { EventEmitter } from 'node:events'
import { Histogram, type Registry } from 'prom-client'
import type { SizedBatch } from '../write/batch.ts'
import type { WriterEvents } from '../write/log-writer.ts'
import { addCounter } from './registry.ts'

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const groupSizes = [1, 3, 10, 30, 100, 300, 1000, 2000, 5000]

/** Counts logs and batches on their way into the database. */
export function countWriting (registry: Registry, events: EventEmitter<WriterEvents>): void {
  const counter = (name: string, help: string) => addCounter(registry, { name: `${name}_total`, help })
  countCommits(registry, events)
  const spooled = counter('spooled_logs', 'Logs written to the spool')
  const drained = counter('drained_logs', 'Logs moved from the spool to the database')
  const trimmed = counter('trimmed_dead_letters', 'Dead letters deleted because their user had too many')
  const retries = counter('retried_transactions', 'Transactions that failed and were retried')
  const replays = counter('replayed_batches', 'Batches skipped because their Idempotency-Key was stored before')
  const repeats = counter('repeated_logs', 'Logs skipped because a token that stores each log once sent them before')
  events
    .on('spooled', (batches) => spooled.inc(recordsIn(batches)))
    .on('drained', (batches) => drained.inc(recordsIn(batches)))
    .on('trimmed', (letters) => trimmed.inc(letters))
    .on('retried', () => retries.inc())
    .on('replayed', () => replays.inc())
    .on('repeated', (logs) => repeats.inc(logs))
}

function countCommits (registry: Registry, events: EventEmitter<WriterEvents>): void {
  const counter = (name: string, help: string) => addCounter(registry, { name: `${name}_total`, help })
  const logs = counter('stored_logs', 'Logs committed to the database, directly or from the spool')
  const batches = counter('stored_batches', 'Batches committed to the database, directly or from the spool')
  const bytes = counter('stored_bytes', 'Estimated bytes of logs committed to the database')
  const dead = counter('dead_letters', 'Records that became dead letters')
  const duration = new Histogram({
    name: 'loggerbot_commit_seconds',
    help: 'Duration of a transaction in seconds',
    buckets: seconds,
    registers: [registry]
  })
  const group = new Histogram({
    name: 'loggerbot_group_logs',
    help: 'Logs in a transaction',
    buckets: groupSizes,
    registers: [registry]
  })
  events
    .on('committed', (committed, took, _createdAt, lacking) => {
      const records = recordsIn(committed) - lacking
      logs.inc(records)
      batches.inc(committed.length)
      dead.inc(committed.reduce((sum, { rejected = [] }) => sum + rejected.length, 0))
      bytes.inc(committed.reduce((sum, { bytes }) => sum + bytes, 0))
      duration.observe(took)
      group.observe(records)
    })
    .on('buried', (records) => dead.inc(records))
}

function recordsIn (batches: readonly SizedBatch[]): number {
  return batches.reduce((sum, { records }) => sum + records.length, 0)
}
