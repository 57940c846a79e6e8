import type { Knex } from 'knex'
import { BadRequest } from '../errors.ts'
import type { BatchStore } from '../model/batch-store.ts'
import type { Actor } from '../model/caller.ts'
import type { LogRecord } from '../model/record.ts'
import { beginAudit } from './audit.ts'
import { stampOf } from './batches.ts'
import { deadLettersOf, type DeadLetter } from './dead-letters.ts'
import { retryConflicts } from './retry.ts'

/** What a replay needs. */
export interface ReplayTools {
  knex: Knex
  store: BatchStore
  /** The logs of a dead letter. Throws BadRequest if it cannot become logs. */
  decode: (letter: DeadLetter) => LogRecord[]
}

/** Dead letters to store as logs. */
export interface Replay {
  letters: AsyncIterable<DeadLetter> | Iterable<DeadLetter>
  by: Actor
  /** What the audit says about it. */
  detail: Record<string, unknown>
  /** Time after which no other letter is begun. Default: none. */
  maxMs?: number
}

export interface Replayed {
  /** Letters that are logs now. */
  stored: number
  /** Letters that are refused again, or cannot be replayed. */
  left: number
  /** Why the last of them was left. */
  reason?: string
  /** The last letter that was tried, if others wait behind it. */
  after?: string
}

/** Letters that are read at once: each may have 512 KiB. */
const lettersPerPage = 10

/** Stores dead letters as logs, in order; those that are refused again stay. */
export async function replayDeadLetters (
  tools: ReplayTools, { letters, by, detail, maxMs = Infinity }: Replay
): Promise<Replayed> {
  const deadline = performance.now() + maxMs
  const { knex } = tools
  const auditId = await retryConflicts(knex, () => beginAudit(knex, { by, action: 'dead-letter.replay', detail }))
  const replayed: Replayed = { stored: 0, left: 0 }
  let last: string | undefined
  for await (const letter of letters) {
    if (last !== undefined && performance.now() > deadline) return { ...replayed, after: last }
    const { logs, reason } = await replayOne(tools, letter)
    if (reason === undefined) replayed.stored++
    else Object.assign(replayed, { left: replayed.left + 1, reason })
    if (logs > 0) await retryConflicts(knex, async () => knex('audit').where('id', auditId).increment('logs', logs))
    last = letter.id
  }
  return replayed
}

/** Reads the dead letters of a user, or of all, oldest first; those after an id, if one is given. */
export async function * readDeadLetters (knex: Knex, userId?: number, after?: string): AsyncGenerator<DeadLetter> {
  const letters = deadLettersOf(knex)
  let page = await letters.list({ userId, after, limit: lettersPerPage })
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield * page
    page = await letters.list({ userId, after: last.id, limit: lettersPerPage })
  }
}

/** Resolves to the number of logs stored, and the reason if it is not stored. */
async function replayOne (
  { knex, store, decode }: ReplayTools, letter: DeadLetter
): Promise<{ logs: number, reason?: string }> {
  try {
    const records = decode(letter)
    await storeAsLogs(knex, store, letter, records)
    return { logs: records.length }
  } catch (error) {
    if (error instanceof BadRequest) return { logs: 0, reason: error.message }
    if (store.classify(error) !== 'refused') throw error
    return { logs: 0, reason: store.reason(error) }
  }
}

/**
 * Stores the records of a dead letter, and then deletes it. Rejects with the database's error if it refuses them, and
 * with BadRequest if the letter belongs to no user. The records are stored once, even if a replay is repeated.
 */
async function storeAsLogs (
  knex: Knex, store: BatchStore, { id, userId }: DeadLetter, records: readonly LogRecord[]
): Promise<void> {
  if (userId === null) throw new BadRequest('the dead letter belongs to no user')
  const key = Buffer.alloc(16, 'dead')
  key.writeBigUInt64BE(BigInt(id), 8)
  const batch = { userId, key, firstId: BigInt(id), records }
  await store.store([batch], await stampOf(knex), new AbortController().signal)
  await retryConflicts(knex, async () => knex('dead_letters').where('id', id).delete())
}
