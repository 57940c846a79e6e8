import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { stampOf } from './batches.ts'
import { deadLetterColumns } from './columns.ts'
import type { BatchStore } from '../model/batch-store.ts'
import { boundedRecord, deadLetterBytes } from './rows.ts'

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

/** A user has so many at most, of so many bytes: past that the oldest go. */
const maxLetters = 10_000
const maxLettersBytes = 64 * 1024 * 1024
/** Writers wait for no step that is longer. */
const stepRows = 500

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
      const row = [id, userId, utcTime(), source, ...boundedRecord(record), reason.slice(0, 255)]
      await knex('dead_letters').insert(Object.fromEntries(row.map((value, index) => [deadLetterColumns[index]!, value])))
    },

    /** Deletes a user's, or everybody's, that came before a time of our clock in milliseconds, in small steps. */
    async deleteOf (userId: number | undefined, arrivedBefore: number): Promise<void> {
      const ids = knex('dead_letters').where('id', '<', (BigInt(arrivedBefore) << 16n).toString())
        .modify((query) => { if (userId !== undefined) query.where('user_id', userId) })
      await deleteInSteps(() => ids.clone())
    },

    /** Deletes a user's, null: nobody's, that came by our clock before the time, in small steps. */
    async expire (userId: number | null, before: UtcTime): Promise<void> {
      await deleteInSteps(() => knex('dead_letters').where('user_id', userId).where('created_at', '<', before))
    },

    /** The ids of the users who have some; null: there are some of nobody's. */
    async owners (): Promise<Array<number | null>> {
      return knex('dead_letters').distinct().pluck('user_id')
    },

    /** Deletes a user's oldest, null: nobody's, as far as there are more than a user may have, by number or by bytes. Resolves to how many. */
    async trim (userId: number | null): Promise<number> {
      const newest = await knex('dead_letters').select('record_bytes', knex.raw('CAST(id AS CHAR) AS name')).where('user_id', userId).orderBy('id', 'desc').limit(maxLetters + 1)
      let bytes = 0
      const past = newest.find(({ record_bytes: length }, index) => {
        bytes += Math.min(Number(length), deadLetterBytes)
        return index >= maxLetters || bytes > maxLettersBytes
      })
      return past ? await deleteInSteps(() => knex('dead_letters').where('user_id', userId).where('id', '<=', past.name)) : 0
    },

    /** False when there is no such one. */
    async delete (id: string): Promise<boolean> {
      return await knex('dead_letters').where('id', id).delete() > 0
    }
  }

  async function deleteInSteps (which: () => Knex.QueryBuilder): Promise<number> {
    for (let deleted = 0; ;) {
      const ids: Array<{ name: string }> = await which().select(knex.raw('CAST(id AS CHAR) AS name')).orderBy('id').limit(stepRows)
      if (ids.length === 0) return deleted
      deleted += await knex('dead_letters').whereIn('id', ids.map(({ name }) => name)).delete()
    }
  }
}

/** Deletes the dead letters of users as their logs: those older than so many days, unless the user has a number of their own; 0 is for ever. */
export async function expireDeadLetters (knex: Knex, now: number, days: number, users: ReadonlyArray<{ id: number, retentionDays: number | null }>): Promise<void> {
  for (const { id, retentionDays } of [...users, { id: null, retentionDays: null }]) {
    const kept = retentionDays ?? days
    if (kept > 0) await deadLettersOf(knex).expire(id, utcTime(now - kept * 86_400_000))
  }
}

/** Deletes a user's oldest dead letters as soon as there may be too many of them, one user after the other. */
export class DeadLetterCap {
  readonly #letters: ReturnType<typeof deadLettersOf>
  readonly #onFailure: (error: unknown) => void
  readonly #onDeleted: (letters: number) => void
  readonly #added = new Map<number, { letters: number, bytes: number }>()
  #last: Promise<void> = Promise.resolve()

  constructor (knex: Knex, onFailure: (error: unknown) => void, onDeleted: (letters: number) => void = () => {}) {
    this.#letters = deadLettersOf(knex)
    this.#onFailure = onFailure
    this.#onDeleted = onDeleted
  }

  /** So many were stored for the user, of about so many bytes. */
  add (userId: number, letters: number, bytes: number): void {
    const added = this.#added.get(userId) ?? { letters: 0, bytes: 0 }
    added.letters += letters
    added.bytes += bytes
    this.#added.set(userId, added)
    if (added.letters < maxLetters / 10 && added.bytes < maxLettersBytes / 10) return
    this.#added.delete(userId)
    this.#trim(async () => [userId])
  }

  /** Deletes everybody's that are too many. */
  trimAll (): Promise<void> {
    this.#added.clear()
    return this.#trim(() => this.#letters.owners())
  }

  /** Resolves when nothing is under way. */
  end (): Promise<void> {
    return this.#last
  }

  #trim (owners: () => Promise<Array<number | null>>): Promise<void> {
    this.#last = this.#last.then(async () => {
      for (const userId of await owners()) this.#onDeleted(await this.#letters.trim(userId))
    }).catch(this.#onFailure)
    return this.#last
  }
}

/**
 * Stores what a dead letter would have been, and then forgets it. Throws what the database says
 * where it refuses that. Once only, however often it is cut short.
 */
export async function replayDeadLetter (knex: Knex, store: BatchStore, { id, userId }: DeadLetter, records: readonly LogRecord[]): Promise<void> {
  const key = Buffer.alloc(16, 'dead')
  key.writeBigUInt64BE(BigInt(id), 8)
  await store.store([{ userId: userId!, key, firstId: BigInt(id), records }], await stampOf(knex), new AbortController().signal)
  await deadLettersOf(knex).delete(id)
}
