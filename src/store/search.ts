// Searching walks along the clustered key (user_id, log_event_at, id), window of time by window of
// time, so that no statement takes long whatever it looks for, and a walk can stop anywhere and
// go on later. A window that was quickly done is followed by a larger one.
import type { Knex } from 'knex'
import type { Position } from '../query/cursor.ts'
import type { Filter } from '../query/filter.ts'
import { TooSlow } from '../errors.ts'
import { millisecondsOf, utcTime, type LogRecord, type Severity, type UtcTime } from '../record.ts'
import { dialectOf } from './dialects/index.ts'
import type { Condition } from './dialects/dialect.ts'
import { conditionOf } from './filter.ts'
import { findIslands, nextIsland, type Island } from './islands.ts'
import { ownedBy, type Owner } from './owner.ts'

/** A log as it is stored. */
export interface StoredLog extends LogRecord {
  /** A decimal number of 64 bits. */
  id: string
  userId: number
}

/** Which logs are looked for, and in which order. */
export interface Search {
  /** Whose. Undefined: everybody's. */
  userId?: number
  filter: Filter
  /** From here on. */
  from?: UtcTime
  /** Up to, without, here. */
  to?: UtcTime
  /** By time, then by arrival. */
  order: 'newest' | 'oldest'
  /** Goes on from here. */
  after?: Position
  /** After so many milliseconds it is worth asking the index of words where to look. Default: never. */
  indexAfter?: number
  /** Called after a statement that took so many milliseconds, where another follows: the search goes on when it resolves. */
  pause?: (took: number) => Promise<void>
}

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
  let islands: Island[] | undefined
  let askedIndex = search.indexAfter === undefined
  const began = performance.now()
  while (true) {
    if (!askedIndex && performance.now() - began >= search.indexAfter!) {
      askedIndex = true
      islands = await askIndex(knex, search, signal)
    }
    const island = islands && nextIsland(islands, nearEnd(search, position), down)
    if (islands && island === undefined) return
    if (island) position = landOn(island, position, down)
    // Where there is nothing for long, windows would be many.
    const edge = await findEdge(knex, search, position, signal)
    if (edge === undefined) return
    const far = farEnd(search, within(island, shift(edge, down ? -width : width), down))
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
  }
}

async function askIndex (knex: Knex, search: Search, signal: AbortSignal): Promise<Island[] | undefined> {
  const limit = AbortSignal.timeout(lookUp)
  try {
    return await findIslands(knex, search, AbortSignal.any([signal, limit]))
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

/** At the island's near end, unless the walk is in it already. */
function landOn ({ from, to }: Island, position: Position | undefined, down: boolean): Position | undefined {
  if (down) return to !== undefined && (position === undefined || position.at >= to) ? { at: to } : position
  return position === undefined || position.at < from ? { at: from } : position
}

/** A window ends with its island. */
function within (island: Island | undefined, far: UtcTime, down: boolean): UtcTime {
  if (island === undefined) return far
  if (down) return far > island.from ? far : island.from
  return island.to === undefined || far < island.to ? far : island.to
}

/** Undefined where the window reaches to the end of what is looked for. */
function farEnd ({ order, from, to }: Search, far: UtcTime): UtcTime | undefined {
  const end = order === 'newest' ? from : to
  if (end !== undefined) return (order === 'newest' ? far <= end : far >= end) ? undefined : far
  return far.startsWith('1000-01-01') || far.startsWith('9999-12-31') ? undefined : far
}

/** Walks along the logs that are looked for; each step finds so many at most, in order. */
export async function * walkLogs (knex: Knex, search: Search, most: number, signal: AbortSignal): AsyncGenerator<Step<StoredLog[]>, void, void> {
  const { query, newestFirst } = dialectOf(knex)
  const { userId, filter, order } = search
  const owner = await ownedBy(knex, userId)
  const condition = conditionOf(knex, filter)
  // Where nothing is left out, a page is read along the key, however much follows it.
  const width = userId === undefined ? 60_000 : isEverything(filter) ? widest : 3_600_000
  // Of a window that holds few of them all has to be read anyway.
  let few = false
  yield * overWindows(
    knex,
    search,
    width,
    async (window, signal) => {
      const sorted = few && order === 'newest' ? newestFirst : undefined
      few = false
      const logs = (await query(knex, selectLogs(owner, [...window, condition], order === 'newest', most, sorted), signal)).map(toLog)
      few = logs.length < most / 2 && !isEverything(filter)
      return logs
    },
    (logs) => logs.length < most ? undefined : placeOf(logs.at(-1)!),
    signal
  )
}

function isEverything (filter: Filter): boolean {
  return filter.kind === 'all' && filter.of.length === 0
}

function placeOf ({ eventAt: at, id, userId }: StoredLog): Position {
  return { at, id, userId }
}

/** What a search found; `next` is where the rest begins, undefined where there is none. */
export interface Found {
  logs: StoredLog[]
  /** False where the time was over before there were as many as asked for, or all. */
  complete: boolean
  next: Position | undefined
}

/** Finds so many logs, or as many as it can in so many milliseconds. */
export async function searchLogs (knex: Knex, search: Search, limit: number, budget: number, signal: AbortSignal): Promise<Found> {
  const logs: StoredLog[] = []
  let next = search.after
  const spent = AbortSignal.timeout(budget)
  try {
    for await (const { found, reached } of walkLogs(knex, search, limit, AbortSignal.any([signal, spent]))) {
      logs.push(...found.slice(0, limit - logs.length))
      if (logs.length === limit) return { logs, complete: true, next: placeOf(logs.at(-1)!) }
      next = reached
      if (spent.aborted && reached !== undefined) return { logs, complete: false, next }
    }
  } catch (error) {
    if (signal.aborted || !spent.aborted) throw error
    if (next === search.after) throw new TooSlow()
    return { logs, complete: false, next }
  }
  return { logs, complete: true, next: undefined }
}

/** The time of the first log from the position on, whether it is looked for or not. */
async function findEdge (knex: Knex, search: Search, position: Position | undefined, signal: AbortSignal): Promise<UtcTime | undefined> {
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
function bounds ({ order, from, to }: Search, position: Position | undefined, far: UtcTime | undefined, exact = true): Condition[] {
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

const columns = 'user_id, log_event_at, CAST(id AS CHAR) AS log_id, log_level, pid, p_name, p_description, log_msg, post_time, attributes'

/** The statement that reads logs in order: a user's own along the key, unless `sorted` says how they are sorted. */
export function selectLogs (owner: Owner, conditions: Condition[], down: boolean, limit: number, sorted?: string): Condition {
  const all = [owner, ...conditions]
  const direction = down ? ' DESC' : ''
  const order = (owner.one ? ['user_id', 'log_event_at', 'id'] : ['log_event_at', 'id', 'user_id']).map((column) => column + direction).join(', ')
  return {
    sql: `SELECT ${columns} FROM user_logs WHERE ${all.map(({ sql }) => sql).join(' AND ')} ORDER BY ${owner.one && sorted !== undefined ? sorted : order} LIMIT ${limit}`,
    bindings: all.flatMap(({ bindings }) => bindings)
  }
}

/** A row of `user_logs` as a log. */
export function toLog (row: Record<string, unknown>): StoredLog {
  const attributes = row.attributes as string | Record<string, unknown> | null
  return {
    id: row.log_id as string,
    userId: row.user_id as number,
    eventAt: row.log_event_at as UtcTime,
    postTime: row.post_time as UtcTime,
    severity: row.log_level as Severity,
    message: row.log_msg as string,
    pid: Number(row.pid),
    processName: row.p_name as string,
    description: row.p_description as string,
    // MySQL 8 hands JSON over as what it says.
    attributes: typeof attributes === 'string' ? JSON.parse(attributes) : attributes
  }
}

/** So many milliseconds away, within what a DATETIME holds. */
function shift (time: UtcTime, milliseconds: number): UtcTime {
  const shifted = millisecondsOf(time) + milliseconds
  return utcTime(Math.min(Math.max(shifted, Date.UTC(1000, 0, 1)), Date.UTC(9999, 11, 31, 23, 59, 59, 999)))
}

/** The log of this id, if it is the user's, or anybody's where no user is given. Undefined where there is none. */
export async function findLog (knex: Knex, userId: number | undefined, id: string, signal: AbortSignal): Promise<StoredLog | undefined> {
  const arrived = Number(BigInt(id) >> 16n)
  const owner = await ownedBy(knex, userId)
  // Most logs are sent soon after they happen: the id tells when it came.
  for (const around of [60_000, 86_400_000, widest]) {
    const window = { sql: 'log_event_at BETWEEN ? AND ? AND id = ?', bindings: [shift(utcTime(arrived), -around), shift(utcTime(arrived), around), id] }
    const [row] = await dialectOf(knex).query(knex, selectLogs(owner, [window], true, 1), signal)
    if (row) return toLog(row)
  }
  return undefined
}

/** From the first to the last log that is looked for by time alone, where no limits are given. Without logs an hour until now. */
export async function timeSpan (knex: Knex, search: Omit<Search, 'order' | 'after'>, signal: AbortSignal): Promise<{ from: UtcTime, to: UtcTime }> {
  const to = search.to ?? await edgeAfter(knex, search, signal)
  const from = search.from ?? await findEdge(knex, { ...search, order: 'oldest' }, undefined, signal) ?? shift(to, -3_600_000)
  return { from: from < to ? from : to, to }
}

async function edgeAfter (knex: Knex, search: Omit<Search, 'order' | 'after'>, signal: AbortSignal): Promise<UtcTime> {
  const last = await findEdge(knex, { ...search, order: 'newest' }, undefined, signal)
  return last === undefined ? utcTime() : shift(last, 1)
}
