// The tables of the index of words: `word_slices`, where words are, and `word_progress`, how far the
// index goes. First come the words, then the progress, and that only if it is still what its writer
// thought it was: so neither a crash nor somebody who was believed gone and comes back can do harm.
// A block that is there twice is true twice.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import { wordRules } from '../text/words.js'
import { toBatch, type StoredBatch } from '../store/batches.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Follower } from '../cluster/followed.ts'
import { areKnownSince, Overtaken } from '../cluster/progress.ts'

/** In `word_progress`, who stands for the batches of all users. */
export const feedId = 0

/** Which batches the index takes in. */
export const wordsFollower: Follower = { name: 'words', takes: 'records > 0' }

const never = '1000-01-01 00:00:00.000000'

/** A block of logs and the fingerprints of its words. */
export interface WordBlock {
  userId: number
  id: number
  firstAt: UtcTime
  lastAt: UtcTime
  /** It was in one piece before, and is no longer. */
  outgrew: boolean
  slices: ReadonlyArray<[slice: number, fingerprints: Uint8Array]>
}

/** How far the index comes: `to` undefined: it is done. */
export interface Progress {
  userId: number
  from: UtcTime
  to: UtcTime | undefined
}

/** How far the batches are in the index; undefined where there is no index, or one of other rules, or too far behind. */
export async function feedReached (knex: Knex): Promise<UtcTime | undefined> {
  const row = await knex('word_progress').where('user_id', feedId).first()
  return row?.rules === wordRules && await areKnownSince(knex, row.reached_at) ? row.reached_at : undefined
}

/** Begins the index, or begins it anew: with the batches that are created from then on, and everybody's history. */
export async function beginIndex (knex: Knex, from: UtcTime): Promise<void> {
  await knex.transaction(async (transaction) => {
    await transaction('word_progress').delete()
    const ids: number[] = await transaction('users').pluck('id')
    const rows = [{ user_id: feedId, reached_at: from, rules: wordRules }, ...ids.map((id) => ({ user_id: id, reached_at: never, rules: wordRules }))]
    for (let at = 0; at < rows.length; at += 500) await transaction('word_progress').insert(rows.slice(at, at + 500))
  })
}

/** Whose history is not in the index yet, and how far it is; none of those users. */
export async function findHistory (knex: Knex, except: readonly number[]): Promise<{ userId: number, reached: UtcTime } | undefined> {
  const row = await knex('word_progress').whereNotIn('user_id', [feedId, ...except]).orderBy('user_id').first()
  return row && { userId: row.user_id, reached: row.reached_at }
}

/** Takes a user's logs from a time on for history, which is not in the index. */
export async function makeHistory (knex: Knex, userId: number, from: UtcTime): Promise<void> {
  await knex('word_progress').insert({ user_id: userId, reached_at: from }).onConflict('user_id').ignore()
  await knex('word_progress').where('user_id', userId).where('reached_at', '>', from).update({ reached_at: from })
}

/** How many logs came with the batches created in that time. */
export async function countLogsOfBatches (knex: Knex, from: UtcTime, to: UtcTime): Promise<number> {
  const [row] = await knex('ingest_batches').where('created_at', '>=', from).where('created_at', '<', to).sum({ records: 'records' })
  return Number(row!.records ?? 0)
}

/** The batches created in that time, as many as are worth a transaction: up to the returned time. */
export async function listBatchesUpTo (knex: Knex, from: UtcTime, to: UtcTime): Promise<{ batches: StoredBatch[], to: UtcTime }> {
  const most = 20_000
  const enough = 150_000
  const rows = await knex('ingest_batches')
    .select('user_id', 'batch_key', 'created_at', 'records', 'first_at', 'last_at', knex.raw('CAST(first_id AS CHAR) AS first'))
    .where('records', '>', 0).where('created_at', '>=', from).where('created_at', '<', to).orderBy('created_at').limit(most)
  let records = 0
  let end = rows.findIndex((row) => (records += row.records) > enough)
  if (end === -1) end = rows.length < most ? most : most - 1
  // Of one transaction all or none: it has fewer batches than these.
  let upTo: UtcTime = rows[end]?.created_at ?? to
  if (upTo === from) upTo = rows.find((row) => row.created_at > from)?.created_at ?? to
  return { batches: rows.filter((row) => row.created_at < upTo).map(toBatch), to: upTo }
}

/** Where a walk along a user's logs goes on. */
export interface Place {
  at: UtcTime
  id: string
}

export interface Said extends Place {
  message: string
}

/** What a user's logs say, along the key, so many at most and about 4 MB; of those between the ids alone, where they are given. */
export async function readMessages (
  knex: Knex,
  { userId, firstAt, lastAt, firstId, lastId }: { userId: number, firstAt: UtcTime, lastAt?: UtcTime, firstId?: bigint, lastId?: bigint },
  after: Place | undefined,
  limit: number,
  signal: AbortSignal
): Promise<{ logs: Said[], isEnd: boolean }> {
  const conditions: Condition[] = [
    { sql: 'user_id = ? AND log_event_at >= ?', bindings: [userId, after?.at ?? firstAt] },
    ...lastAt === undefined ? [] : [{ sql: 'log_event_at <= ?', bindings: [lastAt] }],
    ...firstId === undefined ? [] : [{ sql: 'id BETWEEN ? AND ?', bindings: [firstId.toString(), lastId!.toString()] }],
    ...after === undefined ? [] : [{ sql: '(log_event_at > ? OR id > ?)', bindings: [after.at, after.id] }]
  ]
  const { rows, isCut } = await dialectOf(knex).queryUpTo(knex, {
    sql: `SELECT log_event_at AS at, CAST(id AS CHAR) AS id, log_msg AS message FROM user_logs WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}
      ORDER BY user_id, user_logs.log_event_at, user_logs.id LIMIT ${limit}`,
    bindings: conditions.flatMap(({ bindings }) => bindings)
  }, { bytes: 4_000_000, leastRows: 1 }, signal)
  return { logs: rows as unknown as Said[], isEnd: !isCut && rows.length < limit }
}

/** A transaction takes so many rows and bytes at most, but for the last block's; a statement so many. */
const mostRows = 500
const mostBytes = 2_000_000
const statementRows = 200
const statementBytes = 250_000

/** Stores blocks, and then the progress that they make; or throws Overtaken, and the blocks do no harm. */
export async function storeWords (knex: Knex, blocks: readonly WordBlock[], { userId, from, to }: Progress): Promise<void> {
  await storeBlocks(knex, blocks)
  const mine = knex('word_progress').where({ user_id: userId, reached_at: from })
  if (await (to === undefined ? mine.delete() : mine.update({ reached_at: to })) === 0) throw new Overtaken()
}

/** Stores blocks, in several transactions. */
export async function storeBlocks (knex: Knex, blocks: readonly WordBlock[]): Promise<void> {
  const costs = blocks.map(({ slices }) => ({ rows: slices.length, bytes: sizeOfSlices(slices) }))
  for (const [start, end] of portionsOf(costs, { rows: mostRows, bytes: mostBytes })) {
    await knex.transaction((transaction) => insertBlocks(transaction, blocks.slice(start, end)))
  }
}

async function insertBlocks (transaction: Knex, blocks: readonly WordBlock[]): Promise<void> {
  for (const { userId, id, outgrew } of blocks) {
    if (outgrew) await transaction('word_slices').where({ user_id: userId, slice: wholeSlice, block_id: id }).delete()
  }
  const rows = blocks.flatMap(({ userId, id, firstAt, lastAt, slices }) => slices.map(([slice, fingerprints]) => (
    { user_id: userId, slice, block_id: id, first_at: firstAt, last_at: lastAt, fingerprints: Buffer.from(fingerprints) }
  )))
  const costs = rows.map(({ fingerprints }) => ({ rows: 1, bytes: fingerprints.length }))
  for (const [start, end] of portionsOf(costs, { rows: statementRows, bytes: statementBytes })) {
    await transaction('word_slices').insert(rows.slice(start, end)).onConflict(['user_id', 'slice', 'block_id']).merge()
  }
}

function sizeOfSlices (slices: WordBlock['slices']): number {
  return slices.reduce((sum, [, { length }]) => sum + length, 0)
}

interface Cost {
  rows: number
  bytes: number
}

/** Divides things by what they cost: each portion ends with the one that reaches the limit. */
function * portionsOf (costs: readonly Cost[], limit: Cost): Generator<[start: number, end: number]> {
  for (let start = 0, end = 0; start < costs.length; start = end) {
    for (let rows = 0, bytes = 0; end < costs.length && rows < limit.rows && bytes < limit.bytes; end++) {
      rows += costs[end]!.rows
      bytes += costs[end]!.bytes
    }
    yield [start, end]
  }
}

/** The slice that holds all words of a small block. */
export const wholeSlice = 255

/** A block this old is never written again, in milliseconds. */
const settled = 2 * 86_400_000

/** So many blocks are looked at at once, and so many deleted. */
const purgePage = 1000
const purgeAtOnce = 20

/** Deletes the blocks whose logs are all gone. */
export async function purgeWords (knex: Knex, userId: number): Promise<void> {
  const before = (Date.now() - settled) * 1000
  for (const slice of [0, wholeSlice]) {
    for (let after = 0, blocks; blocks === undefined || blocks.length === purgePage; after = blocks.at(-1)?.block_id) {
      // First the blocks, then the oldest log: what is in a block and was not deleted is seen.
      blocks = await knex('word_slices').where({ user_id: userId, slice }).where('block_id', '>', after).where('block_id', '<', before).orderBy('block_id').limit(purgePage).select('block_id', 'last_at')
      const [row] = await knex('user_logs').where('user_id', userId).min({ oldest: 'log_event_at' })
      const gone = blocks.filter(({ last_at: last }) => row?.oldest === null || last < row!.oldest).map(({ block_id: id }) => id)
      for (let at = 0; at < gone.length; at += purgeAtOnce) {
        await knex('word_slices').where('user_id', userId).whereIn('slice', allSlices).whereIn('block_id', gone.slice(at, at + purgeAtOnce)).delete()
      }
    }
  }
}

const allSlices = Array.from({ length: 64 }, (_, slice) => slice).concat(wholeSlice)
