// Where logs can be that hold certain words: time ranges, from the index of words. All that is
// not in the index counts as such a range, too, so nothing is ever missed.
import type { Knex } from 'knex'
import type { Filter } from '../query/filter.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { wholeWordsOf, wordRules } from '../text/words.js'
import { fingerprintOf } from './fingerprints.js'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import type { OpenSpan } from '../model/span.ts'
import type { Search } from '../query/search.ts'
import { areKnownSince } from '../cluster/progress.ts'
import { feedId, wholeSlice } from './table.ts'

/** Words that a log must hold to be found. */
type Need = { word: string } | { all: Need[] } | { any: Need[] }

/** More words than this are not looked up. */
const mostWords = 16

/** What every log holds for which the filter holds; undefined where that can't be told. */
export function needOf (filter: Filter): Need | undefined {
  switch (filter.kind) {
    case 'words': return every(wholeWordsOf(filter.pattern).map((word) => ({ word })))
    case 'value': return filter.field === 'message' ? every(wholeWordsOf(filter.pattern).map((word) => ({ word }))) : undefined
    case 'all': return every(filter.of.map(needOf).filter((need) => need !== undefined))
    case 'any': {
      const any = filter.of.map(needOf)
      return any.length > 0 && any.every((need) => need !== undefined) ? { any } : undefined
    }
    default: return undefined
  }
}

function every (all: Need[]): Need | undefined {
  return all.length > 0 ? { all } : undefined
}

function wordsIn (need: Need): string[] {
  return 'word' in need ? [need.word] : ('all' in need ? need.all : need.any).flatMap(wordsIn)
}

interface Block {
  firstAt: UtcTime
  lastAt: UtcTime
}

/** The ranges of a search, in the order of time, none near the next; undefined where the index can't tell. */
export async function findCandidateRanges (knex: Knex, search: Search, signal: AbortSignal): Promise<OpenSpan[] | undefined> {
  const need = needOf(search.filter)
  if (need === undefined) return undefined
  const words = [...new Set(wordsIn(need))]
  if (words.length > mostWords) return undefined

  // First how far the index goes, then what lies behind: what comes into it meanwhile is seen twice.
  const outside = await findOutside(knex, search, signal)
  if (outside === undefined) return undefined
  const owner = await ownedBy(knex, search.userId)
  const blocks = new Map<string, Map<string, Block>>()
  for (const word of words) blocks.set(word, await blocksWith(knex, owner, search, word, signal))
  const inside = [...blocksFor(need, blocks).values()].map(({ firstAt, lastAt }) => ({ from: firstAt, to: after(lastAt) }))
  return merge([...outside, ...inside])
}

/** What the index does not hold yet: batches that came since, and history that was there before. */
async function findOutside (knex: Knex, { userId }: Search, signal: AbortSignal): Promise<OpenSpan[] | undefined> {
  const { query } = dialectOf(knex)
  const mine = userId === undefined ? { sql: '1 = 1', bindings: [] } : { sql: 'user_id IN (?, ?)', bindings: [feedId, userId] }
  const progress = await query(knex, { sql: `SELECT user_id, reached_at, rules FROM word_progress WHERE ${mine.sql}`, bindings: mine.bindings }, signal)
  const feed = progress.find((row) => row.user_id === feedId && row.rules === wordRules)?.reached_at as UtcTime | undefined
  if (feed === undefined || !await areKnownSince(knex, feed, signal)) return undefined

  const batches = await query(knex, {
    sql: `SELECT MIN(first_at) AS first, MAX(last_at) AS last FROM ingest_batches
      WHERE created_at >= ? AND records > 0 AND ${mine.sql} GROUP BY SUBSTR(first_at, 1, 13)`,
    bindings: [feed, ...mine.bindings]
  }, signal)
  return [
    ...progress.filter((row) => row.user_id !== feedId).map((row) => ({ from: row.reached_at as UtcTime, to: undefined })),
    ...batches.map(({ first, last }) => ({ from: first as UtcTime, to: after(last as UtcTime) }))
  ]
}

/** The blocks that hold a word, and, rarely, one that does not. */
async function blocksWith (knex: Knex, owner: Condition, { from, to }: Search, word: string, signal: AbortSignal): Promise<Map<string, Block>> {
  const fingerprint = fingerprintOf(word)
  const conditions: Condition[] = [
    owner,
    { sql: 'slice IN (?, ?)', bindings: [fingerprint >>> 24, wholeSlice] },
    ...from === undefined ? [] : [{ sql: 'last_at >= ?', bindings: [from] }],
    ...to === undefined ? [] : [{ sql: 'first_at < ?', bindings: [to] }],
    { sql: 'INSTR(fingerprints, ?) > 0', bindings: [Buffer.of(fingerprint >>> 16, fingerprint >>> 8, fingerprint)] }
  ]
  const rows = await dialectOf(knex).query(knex, {
    sql: `SELECT user_id, block_id, first_at, last_at FROM word_slices WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    bindings: conditions.flatMap(({ bindings }) => bindings)
  }, signal)
  return new Map(rows.map((row) => [`${row.user_id} ${row.block_id}`, { firstAt: row.first_at as UtcTime, lastAt: row.last_at as UtcTime }]))
}

function blocksFor (need: Need, byWord: Map<string, Map<string, Block>>): Map<string, Block> {
  if ('word' in need) return byWord.get(need.word)!
  if ('any' in need) return new Map(need.any.flatMap((need) => [...blocksFor(need, byWord)]))
  const [first, ...others] = need.all.map((need) => blocksFor(need, byWord))
  return new Map([...first!].filter(([id]) => others.every((other) => other.has(id))))
}

/** Ranges so near, in milliseconds, are one: it is quicker to look between them than to jump. */
const near = 60_000

function merge (ranges: OpenSpan[]): OpenSpan[] {
  const merged: OpenSpan[] = []
  for (const { from, to } of ranges.sort((one, other) => one.from < other.from ? -1 : 1)) {
    const last = merged.at(-1)
    if (last === undefined || (last.to !== undefined && millisecondsOf(from) - millisecondsOf(last.to) > near)) merged.push({ from, to })
    else if (last.to !== undefined && (to === undefined || to > last.to)) last.to = to
  }
  return merged
}

/** A time just after; undefined where there is none. */
function after (time: UtcTime): UtcTime | undefined {
  return time.startsWith('9999-12-31 23:59:59') ? undefined : utcTime(millisecondsOf(time) + 1)
}

/** The range that a walk is in or comes to next, from a time on, which walking down is left out; undefined where there is none. */
export function nextRange (ranges: readonly OpenSpan[], at: UtcTime | undefined, down: boolean): OpenSpan | undefined {
  return down
    ? ranges.findLast(({ from }) => at === undefined || from < at)
    : ranges.find(({ to }) => at === undefined || to === undefined || to > at)
}
