import type { Knex } from 'knex'
import type { Position } from '../query/cursor.ts'
import type { Search } from '../query/search.ts'
import type { Condition, PageLimit, PageOfRows, Preselection } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { RowPage } from '../store/dialects/row-bytes.js'
import { ownedBy, type Owner } from '../store/owner.ts'
import type { Reader } from '../store/reader.ts'
import { selectLogs, toLog, type LogRow } from '../store/rows.ts'
import { conditionOf, matchesEverything } from './filter-sql.ts'
import type { SearchPolicy } from './policy.ts'
import { maxWidthMs, Windows, type Step, type WindowResult } from './windows.ts'

/** Bounds of what one step reads. */
export interface StepLimit {
  rows: number
  /** Asked before each statement; `leastRows` are read whatever they take. Default: any number of bytes. */
  page?: () => PageLimit
  /** Columns to read where the database decides which logs match. Default: all. */
  columns?: string
  /** Shortens a row that was tested here, before its bytes count. Default: it stays whole. */
  shorten?: (row: LogRow) => LogRow
}

/** Bounds of rows that are read at once where only some of them may match. */
const maxCandidates = 1000
const candidatePage: PageLimit = { bytes: 8_000_000, leastRows: 1 }

/** Width of the first window of all users' logs, and of one user's logs that must match a filter. */
const allUsersWidthMs = 60_000
const filteredWidthMs = 3_600_000

/** Columns of a log's position in the order of a search. */
export const positionColumns = 'user_id, log_event_at, CAST(id AS CHAR) AS log_id'

/** Position of a row that has `positionColumns`. */
export function rowPosition (row: Pick<LogRow, 'log_event_at' | 'log_id' | 'user_id'>): Required<Position> {
  return { at: row.log_event_at, id: row.log_id, userId: row.user_id }
}

/** Reads the matching logs, a step at a time, in the order of the search. */
export async function * walkRows (
  reader: Reader, search: Search, limit: StepLimit, policy: SearchPolicy
): AsyncGenerator<Step<PageOfRows<LogRow>>, void, void> {
  const windows = new Windows(reader, search, firstWidthOf(search), policy)
  const rows = new RowReader(reader.knex, search, await ownedBy(reader.knex, search.userId), limit)
  const read = rows.isExact
    ? (window: readonly Condition[], signal: AbortSignal) => rows.readMatches(window, signal)
    : (window: readonly Condition[], signal: AbortSignal) => rows.readCandidates(window, signal, policy)
  for (let step; (step = await windows.next(read)) !== undefined;) yield step
}

function firstWidthOf ({ userId, filter }: Search): number {
  if (userId === undefined) return allUsersWidthMs
  // Without a filter a page is read along the key, however much follows it.
  return matchesEverything(filter) ? maxWidthMs : filteredWidthMs
}

/** Reads the rows of windows, and learns from each how to read the next. */
class RowReader {
  readonly #knex: Knex
  readonly #search: Search
  readonly #owner: Owner
  readonly #limit: StepLimit
  readonly #condition: Preselection
  #maxCandidates: number
  /** The last window had few rows. The next one then has to be read whole anyway, so it may be sorted. */
  #isSparse = false

  constructor (knex: Knex, search: Search, owner: Owner, limit: StepLimit) {
    this.#knex = knex
    this.#search = search
    this.#owner = owner
    this.#limit = limit
    this.#condition = conditionOf(knex, search.filter)
    this.#maxCandidates = limit.rows
  }

  /** Whether the database decides which logs match. */
  get isExact (): boolean {
    return this.#condition.exact
  }

  async readMatches (window: readonly Condition[], signal: AbortSignal): Promise<WindowResult<PageOfRows<LogRow>>> {
    const { rows, columns, page = anyBytes } = this.#limit
    const select = this.#select(window, rows, columns)
    const limit = { ...page(), ms: statementMs }
    const found = await dialectOf(this.#knex).queryUpTo<LogRow>(this.#knex, select, limit, signal)
    return { found, rest: this.#restAfter(found, rows) }
  }

  /** Reads rows that may match; the policy selects those that do. */
  async readCandidates (
    window: readonly Condition[], signal: AbortSignal, { selectMatches }: SearchPolicy
  ): Promise<WindowResult<PageOfRows<LogRow>>> {
    if (selectMatches === undefined) throw new Error('the database cannot evaluate this filter alone')
    const maxRows = this.#maxCandidates
    const select = this.#select(window, maxRows)
    const candidates = await dialectOf(this.#knex).queryUpTo<LogRow>(this.#knex, select, candidatePage, signal)
    const rest = this.#restAfter(candidates, maxRows)

    const rowOf = new Map(candidates.rows.map((row) => [toLog(row), row]))
    const matches = new Set(await selectMatches([...rowOf.keys()], signal))
    const { page = anyBytes, shorten = (row) => row } = this.#limit
    const found = new RowPage<LogRow>(page())
    for (const [log, row] of rowOf) if (matches.has(log)) found.add(shorten(row))
    if (found.rows.length < maxRows / 2) {
      this.#maxCandidates = Math.min(maxRows * 4, Math.max(this.#limit.rows, maxCandidates))
    }
    return { found, rest: found.isCut ? lastPosition(found.rows) : rest }
  }

  #select (window: readonly Condition[], maxRows: number, columns?: string): Knex.QueryBuilder {
    const isDown = this.#search.order === 'newest'
    const sorted = this.#isSparse && isDown ? dialectOf(this.#knex).newestFirst : undefined
    this.#isSparse = false
    const conditions = [...window, this.#condition]
    return selectLogs(this.#knex, {
      owner: this.#owner, conditions, isNewestFirst: isDown, limit: maxRows, sorted, columns
    })
  }

  /** Where the window continues; undefined where it was read to its end. */
  #restAfter ({ rows, isCut }: PageOfRows<LogRow>, maxRows: number): Position | undefined {
    this.#isSparse = !isCut && rows.length < maxRows / 2 && !matchesEverything(this.#search.filter)
    return isCut || rows.length === maxRows ? lastPosition(rows) : undefined
  }
}

/** A statement that has found rows ends in time, before `Windows` would end it and lose them. */
const statementMs = 500

const anyBytes = (): PageLimit => ({ bytes: Infinity, leastRows: 0 })

function lastPosition (rows: readonly LogRow[]): Position | undefined {
  const last = rows.at(-1)
  return last && rowPosition(last)
}
