import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { utcTime, type LogRecord, type Rejected } from '../record.ts'
import { deadLetterColumns } from './columns.ts'
import type { Value } from './dialects/dialect.ts'
import type { LogStore, StorableBatch } from './logs.ts'
import { toWellFormedJson } from './well-formed.ts'

/** Something accepted that could not become a log. */
export interface DeadLetter {
  /** That of the log it would have been, where it was given one. */
  id: string
  userId: number | null
  /** UTC, `YYYY-MM-DD HH:MM:SS.ffffff`. */
  createdAt: string
  /**
   * `database`: it refused the record, which is kept as JSON. `spool`: the file was damaged; what was
   * there is kept as base64. Else the protocol whose decoder rejected it, which is kept as it came.
   */
  source: string
  record: string
  /** How long the record was, in bytes. */
  recordBytes: number
  /** The SHA-256 of the whole record, in hex, where it is cut; else null. */
  recordSha256: string | null
  reason: string
}

/** A record is kept up to so many bytes: it fits a packet of any usual `max_allowed_packet`. */
const deadLetterBytes = 512 * 1024

/** The table `dead_letters`. */
export function deadLettersOf (knex: Knex) {
  return {
    /** The oldest first; those after an id, where one is given. */
    async list ({ after = '0', limit = 100 } = {}): Promise<DeadLetter[]> {
      // A 64-bit number is more than SQLite's driver hands over as one.
      const rows = await knex('dead_letters').select('*', knex.raw('CAST(id AS CHAR) AS name')).where('id', '>', after).orderBy('id').limit(limit)
      return rows.map((row) => ({
        id: row.name,
        userId: row.user_id,
        createdAt: row.created_at,
        source: row.source,
        record: row.record,
        recordBytes: Number(row.record_bytes),
        recordSha256: row.record_sha256,
        reason: row.reason
      }))
    },

    async insert ({ id, userId, source, record, reason }: Pick<DeadLetter, 'id' | 'userId' | 'source' | 'record' | 'reason'>): Promise<void> {
      const row = [id, userId, utcTime(), source, ...bounded(record), reason.slice(0, 255)]
      await knex('dead_letters').insert(Object.fromEntries(row.map((value, index) => [deadLetterColumns[index]!, value])))
    },

    /** False when there is no such one. */
    async delete (id: string): Promise<boolean> {
      return await knex('dead_letters').where('id', id).delete() > 0
    }
  }
}

/**
 * Stores what a dead letter would have been, and then forgets it. Throws what the database says
 * where it refuses that. Once only, however often it is cut short.
 */
export async function replayDeadLetter (knex: Knex, store: LogStore, { id, userId }: DeadLetter, records: readonly LogRecord[]): Promise<void> {
  const key = Buffer.alloc(16, 'dead')
  key.writeBigUInt64BE(BigInt(id), 8)
  await store.store([{ userId: userId!, key, firstId: BigInt(id), records }], utcTime(), new AbortController().signal)
  await deadLettersOf(knex).delete(id)
}

/** What becomes of a record if the database refuses it: the values of `deadLetterColumns`, all but the reason. */
export function refusedLetter ({ userId, firstId }: StorableBatch, index: number, record: LogRecord): Value[] {
  return [(firstId + BigInt(index)).toString(), userId, utcTime(), 'database', ...bounded(toWellFormedJson(record))]
}

/** What becomes of a piece that a decoder rejected: the values of `deadLetterColumns`. */
export function rejectedLetter ({ userId, firstId, records }: StorableBatch, index: number, { source, reason, raw }: Rejected): Value[] {
  return [(firstId + BigInt(records.length + index)).toString(), userId, utcTime(), source, ...bounded(raw), reason.toWellFormed().slice(0, 255)]
}

/** The values of `record`, `record_bytes` and `record_sha256`: a text too long for a dead letter is cut. */
function bounded (text: string): [record: string, bytes: number, sha256: string | null] {
  const whole = text.toWellFormed()
  const length = Buffer.byteLength(whole)
  if (length <= deadLetterBytes) return [whole, length, null]
  const bytes = Buffer.from(whole)
  let end = deadLetterBytes
  // Not within a character, whose further bytes are 10xxxxxx.
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return [bytes.toString('utf8', 0, end), length, createHash('sha256').update(bytes).digest('hex')]
}
