// What the word index is made of: batches, and the messages of their logs.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import type { Span } from '../model/span.ts'
import { logsInRange, type BatchRange } from '../store/batch-ranges.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Reader } from '../store/reader.ts'

/** Bound of the messages that are read at once. */
const maxPageBytes = 4_000_000

/** A position in a user's logs. */
export interface LogPosition {
  at: UtcTime
  id: string
}

export interface IndexedMessage extends LogPosition {
  message: string
}

/** Part of a user's logs: the range of some batches, or everything from a time on. */
export type MessageRange = BatchRange | { userId: number, firstAt: UtcTime }

/** Counts the logs of the batches created in a span. */
export async function countLogsOfBatches (knex: Knex, { from, to }: Span): Promise<number> {
  const row = await knex('ingest_batches')
    .where('created_at', '>=', from).where('created_at', '<', to)
    .sum({ records: 'records' }).first()
  return Number(row?.records ?? 0)
}

/** Reads messages of a range along the key, after a position: at most `limit`, and about 4 MB. */
export async function readMessages (
  { knex, signal }: Reader, range: MessageRange, after: LogPosition | undefined, limit: number
): Promise<{ logs: IndexedMessage[], isEnd: boolean }> {
  const conditions = conditionsOf(knex, range, after)
  const { rows, isCut } = await dialectOf(knex).queryUpTo(knex, {
    sql: `SELECT log_event_at AS at, CAST(id AS CHAR) AS id, log_msg AS message FROM user_logs
      WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}
      ORDER BY user_id, user_logs.log_event_at, user_logs.id LIMIT ${limit}`,
    bindings: conditions.flatMap(({ bindings }) => bindings)
  }, { bytes: maxPageBytes, leastRows: 1 }, signal)
  return { logs: rows.map(toMessage), isEnd: !isCut && rows.length < limit }
}

function conditionsOf (knex: Knex, range: MessageRange, after: LogPosition | undefined): Condition[] {
  const owner = { sql: 'user_id = ?', bindings: [range.userId] }
  if ('times' in range) return [owner, ...logsInRange(knex, range, after)]
  if (after) return [owner, dialectOf(knex).conditions.beyond('>', after)]
  return [owner, { sql: 'log_event_at >= ?', bindings: [range.firstAt] }]
}

function toMessage ({ at, id, message }: Record<string, unknown>): IndexedMessage {
  return { at: String(at), id: String(id), message: String(message) }
}
