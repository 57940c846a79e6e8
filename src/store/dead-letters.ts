import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { audited, type AuditEntry } from './audit.ts'
import { retryConflicts } from './retry.ts'
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
export const maxLetters = 10_000
/** Max size of all dead letters of a user; beyond it the oldest are deleted. */
export const maxLettersBytes = 64 * 1024 * 1024
/** Dead letters deleted by one statement, so that writers never wait long. */
const stepRows = 500
/** Bound of a count of dead letters, so that it takes milliseconds. */
export const maxCounted = 10_000

/** Dead letters to list. */
interface LetterList {
  /** Default: those of all users, and of none. */
  userId?: number
  /** Id after which the list begins. */
  after?: string
  /** Default 100. */
  limit?: number
  /** Characters of each record. Default: all that are kept. */
  maxCharacters?: number
}

type NewDeadLetter = Pick<DeadLetter, 'id' | 'userId' | 'source' | 'record' | 'reason'>

/** The table `dead_letters`. A `userId` of null stands for letters that belong to no user. */
export function deadLettersOf (knex: Knex) {
  const lettersOf = (userId: number | undefined) => (
    userId === undefined ? knex('dead_letters') : knex('dead_letters').where('user_id', userId)
  )

  return {
    /** Lists dead letters, oldest first. */
    async list ({ userId, after = '0', limit = 100, maxCharacters }: LetterList = {}): Promise<DeadLetter[]> {
      const rows: DeadLetterRow[] = await lettersOf(userId)
        .where('id', '>', after).orderBy('id').limit(limit).select(columns(knex, maxCharacters))
      return rows.map(toDeadLetter)
    },

    /** Finds a dead letter; undefined also if it belongs to another user than the given one. */
    async find (id: string, userId?: number): Promise<DeadLetter | undefined> {
      const row: DeadLetterRow | undefined = await lettersOf(userId).where('id', id).first(columns(knex))
      return row && toDeadLetter(row)
    },

    /** Counts the dead letters of a user, or of all; `maxCounted` means that many or more. */
    async count (userId?: number): Promise<number> {
      const counted = lettersOf(userId).select(knex.raw('1')).limit(maxCounted)
      const row = await knex.from(counted.as('letters')).count({ count: '*' }).first()
      return Number(row?.count)
    },

    async insert (letter: NewDeadLetter): Promise<void> {
      await knex('dead_letters').insert(toRow(letter))
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
    trim: (userId: number | null): Promise<number> => trim(knex, userId),

    /** Deletes a letter; false if there is none, or it belongs to another user than the given one. */
    async delete (id: string, entry: AuditEntry, userId?: number): Promise<boolean> {
      return await audited(knex, entry, (transaction) => {
        const letter = transaction('dead_letters').where('id', id)
        return userId === undefined ? letter.delete() : letter.where('user_id', userId).delete()
      }) > 0
    }
  }
}

async function trim (knex: Knex, userId: number | null): Promise<number> {
  const newest: Array<Pick<DeadLetterRow, 'name' | 'record_bytes'>> = await knex('dead_letters')
    .where('user_id', userId).orderBy('id', 'desc').limit(maxLetters + 1).select('record_bytes', idAsText(knex))
  let bytes = 0
  const beyond = newest.find(({ record_bytes: recordBytes }, index) => {
    bytes += Math.min(Number(recordBytes), maxLetterRecordBytes)
    return index >= maxLetters || bytes > maxLettersBytes
  })
  if (beyond === undefined) return 0
  return deleteInSteps(knex, knex('dead_letters').where('user_id', userId).where('id', '<=', beyond.name))
}

/** Deletes the letters that the query finds, in small steps; resolves to the number deleted. */
async function deleteInSteps (knex: Knex, letters: Knex.QueryBuilder): Promise<number> {
  for (let deleted = 0; ;) {
    const rows: Array<{ name: string }> = await letters.clone().orderBy('id').limit(stepRows).select(idAsText(knex))
    if (rows.length === 0) return deleted
    const ids = rows.map(({ name }) => name)
    deleted += await retryConflicts(knex, async () => knex('dead_letters').whereIn('id', ids).delete())
  }
}

/** All columns of a `DeadLetterRow`; of the record only its first characters, if their number is given. */
function columns (knex: Knex, maxCharacters?: number): Array<string | Knex.Raw> {
  const record = maxCharacters === undefined ? 'record' : knex.raw('SUBSTR(record, 1, ?) AS record', [maxCharacters])
  return [idAsText(knex), 'user_id', 'created_at', 'source', record, 'record_bytes', 'record_sha256', 'reason']
}

function idAsText (knex: Knex): Knex.Raw {
  return knex.raw('CAST(id AS CHAR) AS name')
}

function toRow ({ id, userId, source, record: whole, reason }: NewDeadLetter) {
  const [record, bytes, sha256] = boundedRecord(whole)
  return {
    id,
    user_id: userId,
    created_at: utcTime(),
    source,
    record,
    record_bytes: bytes,
    record_sha256: sha256,
    reason: toReason(reason)
  }
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
