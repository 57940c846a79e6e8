/** The columns of `user_logs` in the order in which rows are written. */
export const logColumns = [
  'user_id', 'log_event_at', 'id', 'log_level', 'pid', 'p_name', 'p_description', 'log_msg', 'post_time', 'attributes'
] as const

/** The columns of `ingest_batches` in the order in which rows are written. */
export const batchColumns = [
  'user_id', 'batch_key', 'created_at', 'first_id', 'records', 'first_at', 'last_at', 'times'
] as const

/** The columns of `dead_letters` in the order in which rows are written. */
export const deadLetterColumns = [
  'id', 'user_id', 'created_at', 'source', 'record', 'record_bytes', 'record_sha256', 'reason'
] as const

const probedAt = '1970-01-01 00:00:00.000000'
/** Size of the longest `log_msg` on MySQL. */
const maxMessageBytes = 16 * 1024 * 1024 - 1

/** A row of `user_logs` of about `bytes` that belongs to no user, to test whether the database stores rows. */
export function probeRow (bytes: number): Array<string | number | null> {
  return [0, probedAt, '0', 'debug', '0', '', '', 'x'.repeat(Math.min(bytes, maxMessageBytes)), probedAt, null]
}
