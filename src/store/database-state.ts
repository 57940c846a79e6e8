// What people want to know about the database: estimates, and the time it takes is bounded.
import type { Knex } from 'knex'
import type { DatabaseKind } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import type { Reader } from './reader.ts'

/** Our tables. */
export const ourTables = new Set([
  'alert_channels', 'alert_outbox', 'alert_problems', 'alert_progress', 'alert_rule_states', 'alert_rules',
  'alert_steps', 'alerts', 'audit', 'database_id', 'dead_letters', 'error_group_changes', 'error_group_hours',
  'error_groups', 'followed_batches', 'hour_counts', 'hour_counts_progress', 'ingest_batches', 'instances', 'leases',
  'recent_logs', 'saved_searches', 'sessions', 'telegram_codes', 'telegram_progress', 'tokens', 'user_logs',
  'user_settings', 'users', 'word_progress', 'word_slices'
])

/** A table, by estimates. */
export interface TableSize {
  name: string
  rows: number
  /** With its indexes. */
  bytes: number
}

/** Kind and version of the database. */
export function describeDatabase (knex: Knex): Promise<DatabaseKind> {
  return dialectOf(knex).state.describe(knex)
}

/** Size of the whole database, and free bytes of its disk; undefined where the database does not tell. */
export function databaseSize (knex: Knex): Promise<{ bytes: number, freeBytes: number | undefined }> {
  return dialectOf(knex).state.size(knex)
}

/**
 * The tables of this service, not those of a host app, the largest first.
 * Ends with the signal: an embedded database visits every page.
 */
export async function tableSizes ({ knex, signal }: Reader): Promise<TableSize[]> {
  const { state, query } = dialectOf(knex)
  const rows = await query(knex, { sql: state.tables, bindings: [] }, signal)
  return rows
    .map((row) => ({ name: String(row.name), rows: Number(row.row_count), bytes: Number(row.bytes) }))
    .filter(({ name }) => ourTables.has(name))
    .sort((one, other) => other.bytes - one.bytes)
}

/** Logs by the day of their arrival, in UTC: of as many days as the ledger of batches goes back. */
export async function arrivedByDay ({ knex, signal }: Reader): Promise<Array<{ day: string, logs: number }>> {
  const { state, query } = dialectOf(knex)
  const rows = await query(knex, { sql: state.arrived, bindings: [] }, signal)
  return rows.map((row) => ({ day: String(row.day), logs: Number(row.logs) }))
}

/** Logs of which the mean size is taken. */
const sampledLogs = 200
/** Bytes of a log beside its texts: times, numbers, and its place in the key. */
const fixedBytes = 60

/** Estimated bytes of one log of a user, by the newest logs; undefined if there are none. */
export async function meanLogBytes ({ knex, signal }: Reader, userId: number): Promise<number | undefined> {
  const texts = ['log_msg', 'attributes', 'p_name', 'p_description']
  const bytes = texts.map((column) => `COALESCE(OCTET_LENGTH(${column}), 0)`).join(' + ')
  const newest = knex('user_logs').where('user_id', userId)
    .orderBy([{ column: 'log_event_at', order: 'desc' }, { column: 'id', order: 'desc' }])
    .limit(sampledLogs).select(knex.raw(`${bytes} AS bytes`))
  const [row] = await dialectOf(knex).query(knex, knex.from(newest.as('newest')).avg({ mean: 'bytes' }), signal)
  return row?.mean == null ? undefined : Number(row.mean) + fixedBytes
}
