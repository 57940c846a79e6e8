import type { Knex } from 'knex'
import { utcTime, type LogRecord, type Rejected } from '../record.ts'
import type { Value } from './dialects/dialect.ts'
import type { LogStore, StorableBatch } from './logs.ts'

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
  reason: string
}

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
        reason: row.reason
      }))
    },

    async insert ({ id, userId, source, record, reason }: Omit<DeadLetter, 'createdAt'>): Promise<void> {
      await knex('dead_letters').insert({ id, user_id: userId, created_at: utcTime(), source, record, reason: reason.slice(0, 255) })
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
  return [(firstId + BigInt(index)).toString(), userId, utcTime(), 'database', JSON.stringify(record)]
}

/** What becomes of a piece that a decoder rejected: the values of `deadLetterColumns`. */
export function rejectedLetter ({ userId, firstId, records }: StorableBatch, index: number, { source, reason, raw }: Rejected): Value[] {
  return [(firstId + BigInt(records.length + index)).toString(), userId, utcTime(), source, raw, reason.slice(0, 255)]
}
