import type { Knex } from 'knex'
import { BadRequest } from '../errors.ts'
import type { BatchStore } from '../model/batch-store.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { stampOf } from './batches.ts'
import { boundedRecord, maxLetterRecordBytes, toReason } from './rows.ts'

/** An accepted record that could not become a log. */
export interface DeadLetter {
  /** The id of the log that it would have been, or an id of its own. */
  id: string
  userId: number | null
  createdAt: UtcTime
  /**
   * The part that refused the record. `database`: the record is kept as JSON. `spool`: a file was damaged, and its
   * bytes are kept as base64. Else the protocol of the decoder: the record is kept as it came.
   */
  source: string
  record: string
  /** Size of the whole record. */
  recordBytes: number
  /** The SHA-256 of the whole record in hex, if it is cut; else null. */
  recordSha256: string | null
  reason: string
}

/** A row of `dead_letters`, with `id` as text in `name`: more digits than a number holds. */
interface DeadLetterRow {
  name: string
  user_id: number | null
  created_at: UtcTime
  source: string
  record: string
  record_bytes: number | string
  record_sha256: string | null
  reason: string
}

/** Max number of dead letters of a user; beyond it the oldest are deleted. */
const maxLetters = 10_000
/** Max size of all dead letters of a user; beyond it the oldest are deleted. */
const maxLettersBytes = 64 * 1024 * 1024
/** Dead letters deleted by one statement, so that writers never wait long. */
const stepRows = 500
/** Part of a maximum that a user may add before their dead letters are counted again. */
const recountShare = 0.1

const dayMs = 86_400_000

type NewDeadLetter = Pick<DeadLetter, 'id' | 'userId' | 'source' | 'record' | 'reason'>

/** The table `dead_letters`. A `userId` of null stands for letters that belong to no user. */
export function deadLettersOf (knex: Knex) {
  return {
    /** Lists dead letters, oldest first; those after an id, if one is given. */
    async list ({ after = '0', limit = 100 } = {}): Promise<DeadLetter[]> {
      const rows: DeadLetterRow[] = await knex('dead_letters')
        .where('id', '>', after).orderBy('id').limit(limit).select('*', idAsText(knex))
      return rows.map(toDeadLetter)
    },

    async insert ({ id, userId, source, record: whole, reason }: NewDeadLetter): Promise<void> {
      const [record, bytes, sha256] = boundedRecord(whole)
      await knex('dead_letters').insert({
        id,
        user_id: userId,
        created_at: utcTime(),
        source,
        record,
        record_bytes: bytes,
        record_sha256: sha256,
        reason: toReason(reason)
      })
    },

    /** Deletes the letters of a user, or of all, that came before a time of our clock in milliseconds. */
    async deleteOf (userId: number | undefined, arrivedBefore: number): Promise<void> {
      const letters = knex('dead_letters').where('id', '<', (BigInt(arrivedBefore) << 16n).toString())
      if (userId !== undefined) letters.where('user_id', userId)
      await deleteInSteps(knex, letters)
    },

    /** Deletes the letters of a user that were created before a time. */
    async expire (userId: number | null, before: UtcTime): Promise<void> {
      await deleteInSteps(knex, knex('dead_letters').where('user_id', userId).where('created_at', '<', before))
    },

    /** The ids of the users who have dead letters; null if some belong to no user. */
    async owners (): Promise<Array<number | null>> {
      return knex('dead_letters').distinct().pluck('user_id')
    },

    /** Deletes the oldest letters beyond a user's maxima; resolves to the number deleted. */
    async trim (userId: number | null): Promise<number> {
      const newest: Array<Pick<DeadLetterRow, 'name' | 'record_bytes'>> = await knex('dead_letters')
        .where('user_id', userId).orderBy('id', 'desc').limit(maxLetters + 1).select('record_bytes', idAsText(knex))
      let bytes = 0
      const beyond = newest.find(({ record_bytes: recordBytes }, index) => {
        bytes += Math.min(Number(recordBytes), maxLetterRecordBytes)
        return index >= maxLetters || bytes > maxLettersBytes
      })
      if (beyond === undefined) return 0
      return deleteInSteps(knex, knex('dead_letters').where('user_id', userId).where('id', '<=', beyond.name))
    },

    /** Deletes a letter; false if there is no such letter. */
    async delete (id: string): Promise<boolean> {
      return await knex('dead_letters').where('id', id).delete() > 0
    }
  }
}

/** Deletes the letters that the query finds, in small steps; resolves to the number deleted. */
async function deleteInSteps (knex: Knex, letters: Knex.QueryBuilder): Promise<number> {
  for (let deleted = 0; ;) {
    const rows: Array<{ name: string }> = await letters.clone().orderBy('id').limit(stepRows).select(idAsText(knex))
    if (rows.length === 0) return deleted
    deleted += await knex('dead_letters').whereIn('id', rows.map(({ name }) => name)).delete()
  }
}

function idAsText (knex: Knex): Knex.Raw {
  return knex.raw('CAST(id AS CHAR) AS name')
}

function toDeadLetter (row: DeadLetterRow): DeadLetter {
  return {
    id: row.name,
    userId: row.user_id,
    createdAt: row.created_at,
    source: row.source,
    record: row.record,
    recordBytes: Number(row.record_bytes),
    recordSha256: row.record_sha256,
    reason: row.reason
  }
}

interface LetterOwner {
  id: number | null
  /** As in `User`. */
  retentionDays: number | null
}

/** Deletes dead letters that are older than the logs of their user are kept: by default `days`, 0 for ever. */
export async function expireDeadLetters (
  knex: Knex, now: number, days: number, users: readonly LetterOwner[]
): Promise<void> {
  for (const { id, retentionDays } of [...users, { id: null, retentionDays: null }]) {
    const keptDays = retentionDays ?? days
    if (keptDays > 0) await deadLettersOf(knex).expire(id, utcTime(now - keptDays * dayMs))
  }
}

/** Deletes a user's oldest dead letters once there may be too many, one user after the other. */
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

  /** Notes that letters of about `bytes` were stored for a user. */
  add (userId: number, letters: number, bytes: number): void {
    const added = this.#added.get(userId) ?? { letters: 0, bytes: 0 }
    added.letters += letters
    added.bytes += bytes
    this.#added.set(userId, added)
    if (added.letters < maxLetters * recountShare && added.bytes < maxLettersBytes * recountShare) return
    this.#added.delete(userId)
    this.#trim(async () => [userId])
  }

  /** Trims the letters of all users. */
  trimAll (): Promise<void> {
    this.#added.clear()
    this.#trim(() => this.#letters.owners())
    return this.#last
  }

  /** Resolves when nothing is being deleted. */
  end (): Promise<void> {
    return this.#last
  }

  #trim (owners: () => Promise<Array<number | null>>): void {
    this.#last = this.#last.then(async () => {
      for (const userId of await owners()) this.#onDeleted(await this.#letters.trim(userId))
    }).catch(this.#onFailure)
  }
}

/**
 * Stores the records of a dead letter, and then deletes it. Rejects with the database's error if it refuses them, and
 * with BadRequest if the letter belongs to no user. The records are stored once, even if a replay is repeated.
 */
export async function replayDeadLetter (
  knex: Knex, store: BatchStore, { id, userId }: DeadLetter, records: readonly LogRecord[]
): Promise<void> {
  if (userId === null) throw new BadRequest('the dead letter belongs to no user')
  const key = Buffer.alloc(16, 'dead')
  key.writeBigUInt64BE(BigInt(id), 8)
  const batch = { userId, key, firstId: BigInt(id), records }
  await store.store([batch], await stampOf(knex), new AbortController().signal)
  await deadLettersOf(knex).delete(id)
}
