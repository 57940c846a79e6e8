// Candidate ranges: the times between which logs with certain words can be, from the word index. Logs that are not in
// the index are in a candidate range, too, so no log is ever missed.
import type { Knex } from 'knex'
import type { Filter } from '../query/filter.ts'
import type { Search } from '../query/search.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import type { OpenSpan } from '../model/span.ts'
import { wholeWordsOf, wordRules } from '../text/words.js'
import { areKnownSince } from '../cluster/progress.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { timesOfBatches } from '../store/batches.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import type { Reader } from '../store/reader.ts'
import { fingerprintOf, sliceOf, wholeSlice } from './fingerprints.js'
import { feedId } from './progress.ts'

/** Words that a log must contain to match. */
type Need = { word: string } | { all: Need[] } | { any: Need[] }

/** A filter with more words than this is not looked up. */
const maxWords = 16
/** Ranges that are closer than this are merged, in milliseconds: reading on is quicker than a jump. */
const mergeMs = 60_000

/** The words that every log contains that matches a filter; undefined where that cannot be told. */
function needOf (filter: Filter): Need | undefined {
  switch (filter.kind) {
    case 'words': return wordsNeed(wholeWordsOf(filter.pattern))
    case 'value': return filter.field === 'message' ? wordsNeed(wholeWordsOf(filter.pattern)) : undefined
    case 'all': return allOf(filter.of.map(needOf).filter((need) => need !== undefined))
    case 'any': {
      const any = filter.of.map(needOf)
      return any.length > 0 && any.every((need) => need !== undefined) ? { any } : undefined
    }
    default: return undefined
  }
}

function wordsNeed (words: readonly string[]): Need | undefined {
  return allOf(words.map((word) => ({ word })))
}

function allOf (all: Need[]): Need | undefined {
  return all.length > 0 ? { all } : undefined
}

function wordsIn (need: Need): string[] {
  if ('word' in need) return [need.word]
  return ('all' in need ? need.all : need.any).flatMap(wordsIn)
}

interface Block {
  firstAt: UtcTime
  lastAt: UtcTime
}

/** Blocks by their user and id. */
type BlocksById = ReadonlyMap<string, Block>

/** Finds the candidate ranges of a search, in order of time and apart; undefined where the index cannot tell. */
export async function findCandidateRanges (
  knex: Knex, search: Search, signal: AbortSignal
): Promise<OpenSpan[] | undefined> {
  const need = needOf(search.filter)
  if (need === undefined) return undefined
  const words = [...new Set(wordsIn(need))]
  if (words.length > maxWords) return undefined

  const reader = { knex, signal }
  // The progress is read before the blocks: what is indexed meanwhile is a candidate twice.
  const outside = await findUnindexed(reader, search)
  if (outside === undefined) return undefined
  const owner = await ownedBy(knex, search.userId)
  const blocks = new Map<string, BlocksById>()
  for (const word of words) blocks.set(word, await findBlocks(reader, owner, search, word))
  return merge([...outside, ...[...blocksFor(need, blocks).values()].map(toRange)])
}

/** The ranges that are not indexed yet: batches since the index's position, and history. */
async function findUnindexed ({ knex, signal }: Reader, { userId }: Search): Promise<OpenSpan[] | undefined> {
  const { query } = dialectOf(knex)
  const owner = userId === undefined
    ? { sql: '1 = 1', bindings: [] }
    : { sql: 'user_id IN (?, ?)', bindings: [feedId, userId] }
  const progress = (await query(knex, {
    sql: `SELECT user_id, reached_at, rules FROM word_progress WHERE ${owner.sql}`, bindings: owner.bindings
  }, signal)).map(toProgress)
  const feed = progress.find((row) => row.userId === feedId && row.rules === wordRules)?.reached
  if (feed === undefined || !await areKnownSince(knex, feed, signal)) return undefined

  const times = timesOfBatches(knex, {
    sql: `created_at >= ? AND records > 0 AND ${owner.sql}`, bindings: [feed, ...owner.bindings]
  })
  const batches = await query(knex, {
    sql: `SELECT MIN(first_at) AS first_at, MAX(last_at) AS last_at FROM (${times.sql}) AS times
      GROUP BY SUBSTR(first_at, 1, 13)`,
    bindings: times.bindings
  }, signal)
  return [
    ...progress.filter(({ userId }) => userId !== feedId).map(({ reached }) => ({ from: reached, to: undefined })),
    ...batches.map(toBlock).map(toRange)
  ]
}

function toProgress (row: Record<string, unknown>): { userId: number, reached: UtcTime, rules: number } {
  return { userId: Number(row.user_id), reached: String(row.reached_at), rules: Number(row.rules) }
}

function toBlock (row: Record<string, unknown>): Block {
  return { firstAt: String(row.first_at), lastAt: String(row.last_at) }
}

function toRange ({ firstAt, lastAt }: Block): OpenSpan {
  return { from: firstAt, to: after(lastAt) }
}

/** Finds the blocks that contain a word, and, rarely, one that does not. */
async function findBlocks (
  { knex, signal }: Reader, owner: Condition, { from, to }: Search, word: string
): Promise<BlocksById> {
  const fingerprint = fingerprintOf(word)
  const bytes = Buffer.of(fingerprint >>> 16, fingerprint >>> 8, fingerprint)
  const conditions: Condition[] = [
    owner,
    { sql: 'slice IN (?, ?)', bindings: [sliceOf(fingerprint), wholeSlice] },
    ...from === undefined ? [] : [{ sql: 'last_at >= ?', bindings: [from] }],
    ...to === undefined ? [] : [{ sql: 'first_at < ?', bindings: [to] }],
    { sql: 'INSTR(fingerprints, ?) > 0', bindings: [bytes] }
  ]
  const rows = await dialectOf(knex).query(knex, {
    sql: `SELECT user_id, block_id, first_at, last_at FROM word_slices
      WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    bindings: conditions.flatMap(({ bindings }) => bindings)
  }, signal)
  return new Map(rows.map((row) => [`${row.user_id} ${row.block_id}`, toBlock(row)]))
}

const none: BlocksById = new Map()

function blocksFor (need: Need, byWord: ReadonlyMap<string, BlocksById>): BlocksById {
  if ('word' in need) return byWord.get(need.word) ?? none
  if ('any' in need) return new Map(need.any.flatMap((need) => [...blocksFor(need, byWord)]))
  const [first = none, ...others] = need.all.map((need) => blocksFor(need, byWord))
  return new Map([...first].filter(([id]) => others.every((other) => other.has(id))))
}

function merge (ranges: OpenSpan[]): OpenSpan[] {
  const merged: OpenSpan[] = []
  for (const { from, to } of ranges.toSorted((one, other) => one.from < other.from ? -1 : 1)) {
    const last = merged.at(-1)
    const isApart = last?.to !== undefined && millisecondsOf(from) - millisecondsOf(last.to) > mergeMs
    if (last === undefined || isApart) merged.push({ from, to })
    else if (last.to !== undefined && (to === undefined || to > last.to)) last.to = to
  }
  return merged
}

/** A time just after; undefined where there is none. */
function after (time: UtcTime): UtcTime | undefined {
  return time.startsWith('9999-12-31 23:59:59') ? undefined : utcTime(millisecondsOf(time) + 1)
}

/** The range that a search is in, or reaches next, from `at` on (exclusive if `isDown`); undefined at the end. */
export function nextRange (
  ranges: readonly OpenSpan[], at: UtcTime | undefined, isDown: boolean
): OpenSpan | undefined {
  return isDown
    ? ranges.findLast(({ from }) => at === undefined || from < at)
    : ranges.find(({ to }) => at === undefined || to === undefined || to > at)
}
