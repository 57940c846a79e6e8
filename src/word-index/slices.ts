// The table `word_slices`: the fingerprints of each block's words, in slices, and the times between which its logs are.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import type { WordBlock } from './blocks.js'
import { sliceCount, wholeSlice } from './fingerprints.js'
import { transact } from '../store/retry.ts'

/** A number of 64 bits, which MySQL's driver gives as a string. */
type BlockId = number | string

interface Cost {
  rows: number
  bytes: number
}

/** Bounds of a transaction and of a statement; the last block or row may exceed them. */
const transactionBounds: Cost = { rows: 500, bytes: 2_000_000 }
const statementBounds: Cost = { rows: 200, bytes: 250_000 }

/** A block older than this is never written again, in milliseconds. */
const settledMs = 2 * 86_400_000

/** Blocks that a statement reads, and that a statement deletes, while expired blocks are deleted. */
const purgePage = 1000
const purgeBatch = 20

const allSlices = [...Array.from({ length: sliceCount }, (_, slice) => slice), wholeSlice]

/** Stores blocks, in several transactions. */
export async function storeBlocks (knex: Knex, blocks: readonly WordBlock[]): Promise<void> {
  for (const portion of portionsOf(blocks, costOfBlock, transactionBounds)) {
    await transact(knex, (transaction) => insertBlocks(transaction, portion))
  }
}

async function insertBlocks (transaction: Knex, blocks: readonly WordBlock[]): Promise<void> {
  for (const { userId, id, outgrew } of blocks) {
    if (!outgrew) continue
    await transaction('word_slices').where({ user_id: userId, slice: wholeSlice, block_id: id }).delete()
  }
  const rows = blocks.flatMap(toRows)
  for (const portion of portionsOf(rows, ({ fingerprints }) => costOf([fingerprints]), statementBounds)) {
    await transaction('word_slices').insert(portion).onConflict(['user_id', 'slice', 'block_id']).merge()
  }
}

function toRows ({ userId, id, firstAt, lastAt, slices }: WordBlock) {
  return slices.map(([slice, fingerprints]) => ({
    user_id: userId,
    slice,
    block_id: id,
    first_at: firstAt,
    last_at: lastAt,
    fingerprints: Buffer.from(fingerprints)
  }))
}

function costOfBlock ({ slices }: WordBlock): Cost {
  return costOf(slices.map(([, fingerprints]) => fingerprints))
}

function costOf (rows: readonly Uint8Array[]): Cost {
  return { rows: rows.length, bytes: rows.reduce((sum, { length }) => sum + length, 0) }
}

/** Divides items by their cost: each portion ends with the item that reaches a bound. */
function * portionsOf<T> (items: readonly T[], costOf: (item: T) => Cost, bounds: Cost): Generator<T[]> {
  let portion: T[] = []
  let rows = 0
  let bytes = 0
  for (const item of items) {
    const cost = costOf(item)
    portion.push(item)
    rows += cost.rows
    bytes += cost.bytes
    if (rows < bounds.rows && bytes < bounds.bytes) continue
    yield portion
    portion = []
    rows = 0
    bytes = 0
  }
  if (portion.length > 0) yield portion
}

/** Deletes a user's blocks whose logs are all deleted. */
export async function purgeWords (knex: Knex, userId: number): Promise<void> {
  const before = (Date.now() - settledMs) * 1000
  for (const slice of [0, wholeSlice]) {
    let after: BlockId = 0
    for (let isEnd = false; !isEnd;) {
      // The blocks are read before the oldest log: so a log that is in a block and not deleted is seen.
      const blocks: Array<{ block_id: BlockId, last_at: UtcTime }> = await knex('word_slices')
        .where({ user_id: userId, slice })
        .where('block_id', '>', after)
        .where('block_id', '<', before)
        .orderBy('block_id').limit(purgePage).select('block_id', 'last_at')
      const row = await knex('user_logs').where('user_id', userId).min({ oldest: 'log_event_at' }).first()
      const oldest: UtcTime | null = row?.oldest ?? null
      const expired = blocks.filter(({ last_at: last }) => oldest === null || last < oldest)
      await deleteBlocks(knex, userId, expired.map(({ block_id: id }) => id))
      isEnd = blocks.length < purgePage
      after = blocks.at(-1)?.block_id ?? after
    }
  }
}

async function deleteBlocks (knex: Knex, userId: number, ids: readonly BlockId[]): Promise<void> {
  for (let at = 0; at < ids.length; at += purgeBatch) {
    const some = ids.slice(at, at + purgeBatch)
    await knex('word_slices').where('user_id', userId).whereIn('slice', allSlices).whereIn('block_id', some).delete()
  }
}
