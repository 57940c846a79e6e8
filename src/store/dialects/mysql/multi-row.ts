// INSERT statements of many rows.
//
// No statement is larger than `max_allowed_packet`: the server would close the connection. Text is measured in bytes,
// with its quotes and backslashes doubled. A row that is too large as text is sent by itself, by a prepared statement,
// which doubles nothing. A row that is larger than a packet even so is refused here, as data.
import { RowTooLarge } from '../../../errors.ts'
import { batchColumns, deadLetterColumns, logColumns } from '../../columns.ts'
import type { Cell, RowBatch } from '../row-sink.ts'
import type { Claim } from './once.ts'

/** Beginnings of INSERT statements, up to the rows. */
export const into = {
  logs: `INSERT INTO user_logs (${logColumns.join(', ')}) VALUES `,
  deadLetters: `INSERT INTO dead_letters (${deadLetterColumns.join(', ')}) VALUES `,
  /** Counts keys that are already there as not affected. */
  batches: `INSERT IGNORE INTO ingest_batches (${batchColumns.join(', ')}) VALUES `
}

/** A connection that rows are inserted on. */
export interface RowWriter {
  /** `max_allowed_packet`, in bytes. */
  readonly packetBytes: number
  execute (sql: string): Promise<{ affectedRows: number }>
  /** Inserts one row by a prepared statement; `insert` is such as those of `into`. */
  insertRow (insert: string, row: readonly Cell[]): Promise<unknown>
}

/** Bytes of a packet that are not for rows. */
export const packetReserveBytes = 1024
/** Bound of a statement of several rows, which must also fit a packet. */
const maxStatementBytes = 1024 * 1024

export function placeholders (values: readonly unknown[]): string {
  return `(${values.map(() => '?').join(',')})`
}

/** Inserts rows by as few statements as possible. */
export async function insertRows (
  writer: RowWriter, insert: string, rows: ReadonlyArray<readonly Cell[]>
): Promise<void> {
  const maxBytes = Math.min(maxStatementBytes, writer.packetBytes - packetReserveBytes)
  let literals: string[] = []
  let bytes = 0
  const flush = async () => {
    if (literals.length > 0) await writer.execute(insert + literals.join(','))
    literals = []
    bytes = 0
  }
  for (const row of rows) {
    const literal = `(${row.map(literalOf).join(',')})`
    const length = Buffer.byteLength(literal) + 1
    if (bytes + length > maxBytes) await flush()
    if (length > maxBytes) {
      await writer.insertRow(insert, row)
    } else {
      literals.push(literal)
      bytes += length
    }
  }
  await flush()
}

/** Throws RowTooLarge if no packet can hold the row. */
export function requirePacketHolds (row: readonly Cell[], packetBytes: number): void {
  let units = 0
  for (const value of row) if (typeof value === 'string') units += value.length
  // A UTF-16 unit takes at most three bytes, so most rows need not be measured.
  if (units * 3 + packetReserveBytes <= packetBytes) return
  let bytes = packetReserveBytes
  for (const value of row) if (typeof value === 'string') bytes += Buffer.byteLength(value)
  if (bytes > packetBytes) throw new RowTooLarge(bytes - packetReserveBytes, packetBytes)
}

const special = /['\\]/g

/** A value as SQL. A quote or a backslash is doubled to stand for itself. */
function literalOf (value: Cell): string {
  if (Buffer.isBuffer(value)) return `x'${value.toString('hex')}'`
  if (typeof value !== 'string') return String(value)
  return `'${value.search(special) === -1 ? value : value.replace(special, '$&$&')}'`
}

/** The statement that inserts the keys; those that are already there count as not inserted. */
export function insertKeys (batches: readonly RowBatch[]): Claim {
  const values = batches.map(({ userId, key, createdAt, firstId, firstAt, lastAt, times, rows }) => {
    const cells = [userId, key, createdAt, firstId, rows.length, firstAt, lastAt, times]
    return `(${cells.map(literalOf).join(',')})`
  })
  return { sql: into.batches + values.join(','), rows: batches.length }
}
