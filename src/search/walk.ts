// Searching walks along the clustered key (user_id, log_event_at, id), window of time by window of
// time, so that no statement takes long whatever it looks for, and a walk can stop anywhere and
// go on later. A window that was quickly done is followed by a larger one.
import type { Knex } from 'knex'
import type { Position } from '../query/cursor.ts'
import type { Filter } from '../query/filter.ts'
import { TooSlow } from '../errors.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import { shift, type OpenSpan } from '../model/span.ts'
import type { Search } from '../query/search.ts'
import { selectLogs, toLog } from '../store/rows.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Condition, PageLimit } from '../store/dialects/dialect.ts'
import { RowPage } from '../store/dialects/row-bytes.js'
import { conditionOf } from './filter-sql.ts'
import { findCandidateRanges, nextRange } from '../word-index/lookup.ts'
import { ownedBy } from '../store/owner.ts'

/** What a window held, and how far the walk came: everything up to there was looked at; undefined at the end of all. */
export interface Step<T> {
  found: T
  reached: Position | undefined
}

/** A statement should take about so long, in milliseconds. */
const quick = 20
const slow = 100
/** One that takes longer is tried again with less to look at. */
const tooSlow = 1000
/** The index of words is waited for so long. */
const lookUp = 1000

const narrowest = 1000
const widest = 10_000 * 366 * 86_400_000

/**
 * Looks at one window of time after another, the first of so many milliseconds. `look` gets the
 * window as conditions; where `goOn` gives a position, the rest of the window is next. Rejects with
 * the signal's reason once it is given; the statement under way ends in the database.
 */
export async function * overWindows<T> (
  knex: Knex,
  search: Search,
  firstWidth: number,
  look: (window: Condition[], signal: AbortSignal) => Promise<T>,
  goOn: (found: T) => Position | undefined,
  signal: AbortSignal
): AsyncGenerator<Step<T>, void, void> {
  const down = search.order === 'newest'
  let width = firstWidth
  let position = search.after
  let ranges: OpenSpan[] | undefined
  let askedIndex = search.indexAfter === undefined
  const began = performance.now()
  while (true) {
    if (!askedIndex && performance.now() - began >= search.indexAfter!) {
      askedIndex = true
      ranges = await askIndex(knex, search, signal)
    }
    const range = ranges && nextRange(ranges, nearEnd(search, position), down)
    if (ranges && range === undefined) return
    if (range) position = landOn(range, position, down)
    // Where there is nothing for long, windows would be many.
    const edge = await findEdge(knex, search, position, signal)
    if (edge === undefined) return
    const far = farEnd(search, within(range, shift(edge, down ? -width : width), down))
    const limit = width > narrowest ? AbortSignal.timeout(tooSlow) : signal
    const started = performance.now()
    let found
    try {
      found = await look(bounds(search, position, far), AbortSignal.any([signal, limit]))
    } catch (error) {
      if (signal.aborted || !limit.aborted) throw error
      width = Math.max(width / 16, narrowest)
      continue
    }
    const took = performance.now() - started
    const inside = goOn(found)
    position = inside ?? (far === undefined ? undefined : { at: far })
    if (took > slow) width = Math.max(width / 4, narrowest)
    else if (took < quick && !inside) width = Math.min(width * 4, widest)
    yield { found, reached: position }
    if (position === undefined) return
    await search.pause?.(took)
    await search.giveWay?.()
  }
}

async function askIndex (knex: Knex, search: Search, signal: AbortSignal): Promise<OpenSpan[] | undefined> {
  const limit = AbortSignal.timeout(lookUp)
  try {
    return await findCandidateRanges(knex, search, AbortSignal.any([signal, limit]))
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error
    return undefined
  }
}

/** From where the walk goes on. */
function nearEnd ({ order, from, to }: Search, position: Position | undefined): UtcTime | undefined {
  if (order === 'oldest') return position?.at ?? from
  if (position?.id === undefined) return position?.at ?? to
  // Of the logs of that instant some may be left; after the last of all there is no other.
  return position.at.startsWith('9999-12-31 23:59:59') ? undefined : shift(position.at, 1)
}

/** At the range's near end, unless the walk is in it already. */
function landOn ({ from, to }: OpenSpan, position: Position | undefined, down: boolean): Position | undefined {
  if (down) return to !== undefined && (position === undefined || position.at >= to) ? { at: to } : position
  return position === undefined || position.at < from ? { at: from } : position
}

/** A window ends with its range. */
function within (range: OpenSpan | undefined, far: UtcTime, down: boolean): UtcTime {
  if (range === undefined) return far
  if (down) return far > range.from ? far : range.from
  return range.to === undefined || far < range.to ? far : range.to
}

/** Undefined where the window reaches to the end of what is looked for. */
function farEnd ({ order, from, to }: Search, far: UtcTime): UtcTime | undefined {
  const end = order === 'newest' ? from : to
  if (end !== undefined) return (order === 'newest' ? far <= end : far >= end) ? undefined : far
  return far.startsWith('1000-01-01') || far.startsWith('9999-12-31') ? undefined : far
}

/** How much a walk takes in a step at most: so many logs, so many bytes. */
export interface StepLimit {
  logs: number
  /** Asked before each step; the first row may take more than `bytes` where `leastRows` is 1. Default: as many as they take. */
  page?: () => PageLimit
  /** Default: all columns. */
  columns?: string
}

/** What a step found, in order. */
export interface FoundRows {
  rows: Array<Record<string, unknown>>
  bytes: number
  /** It ended with the bytes. */
  isCut: boolean
  /** The last that was looked at, if others may follow in the window. */
  next: Position | undefined
}

/** Bounds of the rows that are read at once where only some of them may be asked for. */
const maxCandidates = 1000
const candidatePage: PageLimit = { bytes: 8_000_000, leastRows: 1 }

/** Walks along the logs that are looked for. */
export async function * walkRows (knex: Knex, search: Search, { logs: most, page, columns }: StepLimit, signal: AbortSignal): AsyncGenerator<Step<FoundRows>, void, void> {
  const { queryUpTo, newestFirst } = dialectOf(knex)
  const { userId, filter, order } = search
  const owner = await ownedBy(knex, userId)
  const condition = conditionOf(knex, filter)
  // Where nothing is left out, a page is read along the key, however much follows it.
  const width = userId === undefined ? 60_000 : isEverything(filter) ? widest : 3_600_000
  // Of a window that holds few of them all has to be read anyway.
  let few = false
  let candidates = most
  yield * overWindows(
    knex,
    search,
    width,
    async (window, signal) => {
      const sorted = few && order === 'newest' ? newestFirst : undefined
      few = false
      const rowLimit = condition.exact ? most : candidates
      const statement = selectLogs(owner, [...window, condition], order === 'newest', rowLimit, sorted, condition.exact ? columns : undefined)
      const limit = page?.() ?? { bytes: Infinity, leastRows: 0 }
      const { rows, bytes, isCut } = await queryUpTo(knex, statement, condition.exact ? limit : candidatePage, signal)
      const next = rows.length === 0 || (rows.length < rowLimit && !isCut) ? undefined : placeOf(rows.at(-1)!)
      const found = condition.exact ? { rows, bytes, isCut, next } : { next, ...await decideRows(search, rows, limit, signal) }
      if (found.rows.length < rowLimit / 2) candidates = Math.min(candidates * 4, Math.max(most, maxCandidates))
      few = !isCut && rows.length < rowLimit / 2 && !isEverything(filter)
      return found
    },
    ({ next }) => next,
    signal
  )
}

/** Those of the rows for which the filter holds, as far as the limit goes. */
async function decideRows ({ decide }: Search, rows: FoundRows['rows'], limit: PageLimit, signal: AbortSignal): Promise<Omit<FoundRows, 'next'> & { next?: Position }> {
  if (decide === undefined) throw new Error('the database can\'t decide on this filter alone')
  const logs = rows.map(toLog)
  const found = new Set(await decide(logs, signal))
  const page = new RowPage(limit)
  for (const [index, row] of rows.entries()) if (found.has(logs[index]!)) page.add(row)
  const { bytes, isCut } = page
  return { rows: page.rows, bytes, isCut, ...isCut && { next: page.rows.length === 0 ? undefined : placeOf(page.rows.at(-1)!) } }
}

/** Columns of a log's place in the order of a search. */
export const placeColumns = 'user_id, log_event_at, CAST(id AS CHAR) AS log_id'

function placeOf (row: Record<string, unknown>): Position {
  return { at: row.log_event_at as UtcTime, id: row.log_id as string, userId: row.user_id as number }
}

function isEverything (filter: Filter): boolean {
  return filter.kind === 'all' && filter.of.length === 0
}

/** What a search found; `next` is where the rest begins, undefined where there is none. */
export interface Found {
  logs: StoredLog[]
  /** About how many bytes they take. */
  bytes: number
  /** False where the time was over before there were as many as asked for, or all. */
  complete: boolean
  next: Position | undefined
}

/** What ends a search: a number of logs, their bytes, or the milliseconds it took. */
export interface SearchLimit {
  logs: number
  /** Default: `maxPageBytes`. */
  bytes?: number
  /** Logs that are found whatever they take. Default 1. */
  least?: number
  ms: number
}

/** Bytes of a page of logs: a few such pages must fit into memory, and large messages are rare. */
export const maxPageBytes = 8_000_000

/** Finds as many logs as the limit allows. */
export async function searchLogs (knex: Knex, search: Search, limit: SearchLimit, signal: AbortSignal): Promise<Found> {
  const { bytes: maxBytes = maxPageBytes, least = 1 } = limit
  const logs: StoredLog[] = []
  let bytes = 0
  let next = search.after
  const spent = AbortSignal.timeout(limit.ms)
  const step = { logs: limit.logs, page: () => ({ bytes: maxBytes - bytes, leastRows: least - logs.length }) }
  try {
    for await (const { found, reached } of walkRows(knex, search, step, AbortSignal.any([signal, spent]))) {
      const rows = found.rows.slice(0, limit.logs - logs.length)
      for (const row of rows) logs.push(toLog(row))
      bytes += found.bytes
      if (logs.length === limit.logs || found.isCut) return { logs, bytes, complete: true, next: logs.length === 0 ? next : positionOf(logs.at(-1)!) }
      next = reached
      if (spent.aborted && reached !== undefined) return { logs, bytes, complete: false, next }
    }
  } catch (error) {
    if (error !== spent.reason) throw error
    if (next === search.after) throw new TooSlow()
    return { logs, bytes, complete: false, next }
  }
  return { logs, bytes, complete: true, next: undefined }
}

function positionOf ({ eventAt: at, id, userId }: StoredLog): Position {
  return { at, id, userId }
}

/** The time of the first log from the position on, whether it is looked for or not. */
export async function findEdge (knex: Knex, search: Pick<Search, 'userId' | 'from' | 'to' | 'order'>, position: Position | undefined, signal: AbortSignal): Promise<UtcTime | undefined> {
  const { query, edges } = dialectOf(knex)
  const extreme = search.order === 'newest' ? 'MAX' : 'MIN'
  const window = bounds(search, position, undefined, false)
  const within = window.map(({ sql }) => sql).join(' AND ') || '1 = 1'
  const bindings = window.flatMap(({ bindings }) => bindings)
  const condition = search.userId === undefined
    ? { sql: `SELECT ${extreme}(edge) AS edge FROM (${edges(extreme, within)}) AS edges`, bindings }
    : { sql: `SELECT ${extreme}(log_event_at) AS edge FROM user_logs WHERE user_id = ? AND ${within}`, bindings: [search.userId, ...bindings] }
  const [row] = await query(knex, condition, signal)
  return row!.edge as UtcTime | null ?? undefined
}

/**
 * The part of the key between the position and the far end of a window: one condition an end,
 * because SQLite seeks by the first and then reads, row by row, up to where another one holds.
 * Not exact, it still has the logs of the position's instant, and is about the time alone.
 */
function bounds ({ order, from, to }: Pick<Search, 'from' | 'to' | 'order'>, position: Position | undefined, far: UtcTime | undefined, exact = true): Condition[] {
  const down = order === 'newest'
  const ends = { '>=': down ? far ?? from : from, '<': down ? to : far ?? to }
  const near = down ? '<' : '>='
  const limit = ends[near]
  if (position !== undefined && (limit === undefined || (down ? position.at < limit : position.at >= limit))) ends[near] = position.id === undefined ? position.at : undefined
  else position = undefined

  const conditions: Condition[] = []
  for (const [comparison, time] of Object.entries(ends)) if (time !== undefined) conditions.push({ sql: `log_event_at ${comparison} ?`, bindings: [time] })
  if (position?.id !== undefined) {
    const { at, id, userId } = position
    const beyond = down ? '<' : '>'
    conditions.push({ sql: `log_event_at ${beyond}= ?`, bindings: [at] })
    if (exact) conditions.push({ sql: `(log_event_at ${beyond} ? OR id ${beyond} ? OR (id = ? AND user_id ${beyond} ?))`, bindings: [at, id, id, userId!] })
  }
  return conditions
}

/** The log of this id, if it is the user's, or anybody's where no user is given. Undefined where there is none; TooSlow after so many milliseconds. */
export async function findLog (knex: Knex, userId: number | undefined, id: string, ms: number, signal: AbortSignal): Promise<StoredLog | undefined> {
  const spent = AbortSignal.timeout(ms)
  const arrived = Number(BigInt(id) >> 16n)
  const owner = await ownedBy(knex, userId)
  try {
    // Most logs are sent soon after they happen: the id tells when it came.
    for (const around of [60_000, 86_400_000, widest]) {
      const window = { sql: 'log_event_at BETWEEN ? AND ? AND id = ?', bindings: [shift(utcTime(arrived), -around), shift(utcTime(arrived), around), id] }
      const [row] = await dialectOf(knex).query(knex, selectLogs(owner, [window], true, 1), AbortSignal.any([signal, spent]))
      if (row) return toLog(row)
    }
    return undefined
  } catch (error) {
    throw error === spent.reason ? new TooSlow() : error
  }
}
