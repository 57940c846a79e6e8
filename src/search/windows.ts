// A search walks along the clustered key (user_id, log_event_at, id), one time window after another, so that no
// statement takes long whatever it looks for, and a walk can stop anywhere and continue later.
import { AdaptiveStep } from '../model/adaptive-step.ts'
import type { UtcTime } from '../model/instant.ts'
import { shift, type OpenSpan } from '../model/span.ts'
import type { Position } from '../query/cursor.ts'
import type { Search } from '../query/search.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import type { Reader } from '../store/reader.ts'
import { findCandidateRanges, nextRange } from '../word-index/lookup.ts'
import type { SearchPolicy } from './policy.ts'
import { viewCondition } from './view.ts'

/** The result of one window. Everything up to `reached` has been looked at; undefined at the end of the search. */
export interface Step<T> {
  found: T
  reached: Position | undefined
}

/** What a statement found in a window; the rest of the window, from `rest` on, comes next. */
export interface WindowResult<T> {
  found: T
  rest?: Position
}

/** Reads one window, given as conditions on `log_event_at` and `id`. */
export type ReadWindow<T> = (window: readonly Condition[], signal: AbortSignal) => Promise<WindowResult<T>>

/** Longer than all times that a log can have. */
export const maxWidthMs = 10_000 * 366 * 86_400_000
const widthBounds = { min: 1000, max: maxWidthMs, quickMs: 20, slowMs: 100, factor: 4 }

/** A statement that takes longer is ended, and repeated with a window that is smaller by `timeoutFactor`. */
const statementTimeoutMs = 1000
const timeoutFactor = 16
const indexTimeoutMs = 1000

type Bounds = Pick<Search, 'from' | 'to' | 'order'>

/** The time windows of a search, in its order, each as wide as a quick statement allows. */
export class Windows {
  readonly #reader: Reader
  readonly #search: Search
  readonly #policy: SearchPolicy
  readonly #isDown: boolean
  readonly #startedAt = performance.now()
  readonly #widthMs: AdaptiveStep
  #position: Position | undefined
  /** Candidate ranges, once the word index has been asked and knows them. */
  #ranges: readonly OpenSpan[] | undefined
  #isIndexAsked: boolean
  /** Duration of the last statement; undefined before the first. */
  #tookMs: number | undefined
  #isAtEnd = false

  constructor (reader: Reader, search: Search, firstWidthMs: number, policy: SearchPolicy) {
    this.#reader = reader
    this.#search = search
    this.#policy = policy
    this.#isDown = search.order === 'newest'
    this.#position = search.after
    this.#widthMs = new AdaptiveStep({ ...widthBounds, initial: firstWidthMs })
    this.#isIndexAsked = policy.askIndexAfterMs === undefined
  }

  /**
   * Reads the next window; undefined at the end. Rejects with the signal's reason once the signal is aborted; the
   * statement under way then ends in the database, too.
   */
  async next<T> (read: ReadWindow<T>): Promise<Step<T> | undefined> {
    if (this.#isAtEnd) return undefined
    if (this.#tookMs !== undefined) await this.#policy.pause?.(this.#tookMs)
    for (let end = await this.#findEnd(); end !== undefined; end = await this.#findEnd()) {
      const step = await this.#readUpTo(end.at, read)
      if (step !== undefined) return step
    }
    this.#isAtEnd = true
    return undefined
  }

  /** The far end of the next window; undefined where no log is left, `at` where it is the end of the search. */
  async #findEnd (): Promise<{ at: UtcTime | undefined } | undefined> {
    await this.#askIndexOnce()
    const range = this.#ranges && nextRange(this.#ranges, nearEnd(this.#search, this.#position), this.#isDown)
    if (this.#ranges && range === undefined) return undefined
    if (range) this.#position = enterRange(range, this.#position, this.#isDown)
    // From the next log on: across a long gap there would be many empty windows.
    const first = await findFirstTime(this.#reader, this.#search, this.#position)
    if (first === undefined) return undefined
    const end = shift(first, this.#isDown ? -this.#widthMs.size : this.#widthMs.size)
    return { at: farEnd(this.#search, clip(end, range, this.#isDown)) }
  }

  /** Undefined where the statement took too long, and the window is smaller now. */
  async #readUpTo<T> (end: UtcTime | undefined, read: ReadWindow<T>): Promise<Step<T> | undefined> {
    const { signal } = this.#reader
    const timeout = this.#widthMs.size > widthBounds.min ? AbortSignal.timeout(statementTimeoutMs) : signal
    const startedAt = performance.now()
    let result: WindowResult<T>
    try {
      const window = [...boundsOf(this.#reader, this.#search, this.#position, end), ...viewCondition(this.#search.view)]
      result = await read(window, AbortSignal.any([signal, timeout]))
    } catch (error) {
      if (signal.aborted || !timeout.aborted) throw error
      this.#widthMs.shrink(timeoutFactor)
      return undefined
    }
    const { found, rest } = result
    this.#tookMs = performance.now() - startedAt
    this.#widthMs.record(this.#tookMs, rest === undefined)
    this.#position = rest ?? (end === undefined ? undefined : { at: end })
    this.#isAtEnd = this.#position === undefined
    return { found, reached: this.#position }
  }

  async #askIndexOnce (): Promise<void> {
    const { askIndexAfterMs = Infinity } = this.#policy
    if (this.#isIndexAsked || performance.now() - this.#startedAt < askIndexAfterMs) return
    this.#isIndexAsked = true
    const { knex, signal } = this.#reader
    const timeout = AbortSignal.timeout(indexTimeoutMs)
    try {
      this.#ranges = await findCandidateRanges(knex, this.#search, AbortSignal.any([signal, timeout]))
    } catch (error) {
      if (signal.aborted || !timeout.aborted) throw error
    }
  }
}

/** The time of the first log of a scope from a position on, whether it matches or not. */
export async function findFirstTime (
  { knex, signal }: Reader, search: Bounds & Pick<Search, 'userId'>, position?: Position
): Promise<UtcTime | undefined> {
  const { query, edges } = dialectOf(knex)
  const extreme = search.order === 'newest' ? 'MAX' : 'MIN'
  const window = timeBoundsOf(search, position)
  const sql = window.map(({ sql }) => sql).join(' AND ') || '1 = 1'
  const bindings = window.flatMap(({ bindings }) => bindings)
  const statement = search.userId === undefined
    ? knex.raw(`SELECT ${extreme}(edge) AS edge FROM (${edges(extreme, sql)}) AS edges`, bindings)
    : knex('user_logs')
      .select(knex.raw(`${extreme}(log_event_at) AS edge`))
      .where('user_id', search.userId)
      .whereRaw(sql, bindings)
  const [row] = await query<{ edge: UtcTime | null }>(knex, statement, signal)
  return row?.edge ?? undefined
}

/** The time at which the walk continues. */
function nearEnd ({ order, from, to }: Bounds, position: Position | undefined): UtcTime | undefined {
  if (order === 'oldest') return position?.at ?? from
  if (position?.id === undefined) return position?.at ?? to
  // More logs of that instant may be left; after the last instant of all there is no other.
  return position.at.startsWith('9999-12-31 23:59:59') ? undefined : shift(position.at, 1)
}

/** The near end of the range, unless the walk is inside the range already. */
function enterRange ({ from, to }: OpenSpan, position: Position | undefined, isDown: boolean): Position | undefined {
  if (isDown) return to !== undefined && (position === undefined || position.at >= to) ? { at: to } : position
  return position === undefined || position.at < from ? { at: from } : position
}

/** The end of a window, which does not reach beyond its candidate range. */
function clip (end: UtcTime, range: OpenSpan | undefined, isDown: boolean): UtcTime {
  if (range === undefined) return end
  if (isDown) return end > range.from ? end : range.from
  return range.to === undefined || end < range.to ? end : range.to
}

/** Undefined where the window reaches the end of the search. */
function farEnd ({ order, from, to }: Bounds, end: UtcTime): UtcTime | undefined {
  const last = order === 'newest' ? from : to
  if (last !== undefined) return (order === 'newest' ? end <= last : end >= last) ? undefined : end
  return end.startsWith('1000-01-01') || end.startsWith('9999-12-31') ? undefined : end
}

/**
 * The part of the key between the position and the far end of a window.
 *
 * One condition an end, because SQLite seeks by the first and then reads, row by row, up to where another one holds.
 */
function boundsOf (
  { knex }: Reader, search: Bounds & Pick<Search, 'userId'>, position: Position | undefined, end: UtcTime | undefined
): Condition[] {
  const log = logPosition(search, position)
  if (!log) return timeBoundsOf(search, position, end)
  const isDown = search.order === 'newest'
  const beyond = isDown ? '<' : '>'
  if (search.userId !== undefined) {
    const [from, to] = isDown ? [end ?? search.from, undefined] : [undefined, end ?? search.to]
    return [...between(from, to), dialectOf(knex).conditions.beyond(beyond, log)]
  }
  const { at, id, userId } = log
  return [...timeBoundsOf(search, position, end), {
    sql: `(log_event_at ${beyond} ? OR id ${beyond} ? OR (id = ? AND user_id ${beyond} ?))`,
    bindings: [at, id, id, userId]
  }]
}

/** The same by time alone: logs of the position's instant are within these bounds, too. */
function timeBoundsOf (search: Bounds, position: Position | undefined, end?: UtcTime): Condition[] {
  const isDown = search.order === 'newest'
  const log = logPosition(search, position)
  const near = isAhead(search, position) ? log ? undefined : position.at : isDown ? search.to : search.from
  const [from, to] = isDown ? [end ?? search.from, near] : [near, end ?? search.to]
  const conditions = between(from, to)
  if (log) conditions.push({ sql: `log_event_at ${isDown ? '<' : '>'}= ?`, bindings: [log.at] })
  return conditions
}

function between (from: UtcTime | undefined, to: UtcTime | undefined): Condition[] {
  return [
    ...from === undefined ? [] : [{ sql: 'log_event_at >= ?', bindings: [from] }],
    ...to === undefined ? [] : [{ sql: 'log_event_at < ?', bindings: [to] }]
  ]
}

/** Whether the position lies within the search: else the search begins at its own bound. */
function isAhead ({ order, from, to }: Bounds, position: Position | undefined): position is Position {
  if (position === undefined) return false
  if (order === 'newest') return to === undefined || position.at < to
  return from === undefined || position.at >= from
}

/** The position where it is at a log, not only at an instant. */
function logPosition (search: Bounds, position: Position | undefined): Required<Position> | undefined {
  if (!isAhead(search, position) || position.id === undefined || position.userId === undefined) return undefined
  return { at: position.at, id: position.id, userId: position.userId }
}
