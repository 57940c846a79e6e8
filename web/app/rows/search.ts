// A search and its rows: one frozen view of the logs, read page by page.
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError } from '../api/client.ts'
import type { Log } from '../api/types.ts'
import { Effort } from './effort.ts'
import { compare, merge } from './order.ts'
import {
  afterTime, readAlso, readBack, readBelow, readList, readListAt, readListEnd, type Read, type Slice, type Wanted
} from './read.ts'
import { initialState, saidBy, type SearchState, type Total } from './search-state.ts'
import { Segments, type Segment } from './segments.ts'

export { cutCharacters, type Wanted } from './read.ts'

/** Rows of a page: the first one is small, so that it is there at once. */
const firstPageRows = 100
const pageRows = 500
/** Rows around those in view that are wanted, too. */
const marginRows = 20

export class Search {
  readonly wanted: Wanted
  /** False: its rows are others, such as the context of a log; it cannot begin elsewhere. */
  readonly isList: boolean
  /** Set by the part that counts, such as the chart. */
  readonly total = signal<Total | undefined>(undefined)
  /** Indices of the rows in view. */
  readonly shown = signal({ first: 0, last: 0 })
  /** Logs that arrived late, and are marked for a while. */
  readonly late = signal<ReadonlySet<string>>(new Set())
  /** Whether the view stays at the newest row while rows are added. */
  isFollowing = false
  segments = new Segments()
  readonly #state = signal(initialState)

  readonly #ended = new AbortController()
  readonly #reading = new Set<Segment>()
  readonly #startedAt = performance.now()
  readonly #effort = new Effort()
  /** Ends the request of the next page. */
  #paging = new AbortController()
  #after: Read | undefined
  #before: Read | undefined
  /** Logs that arrived later, and belong behind the rows that are read. */
  #unread: Log[] = []
  #hasGrown = false

  /** Without a way to read, it reads the list. */
  constructor (wanted: Wanted, read?: Read) {
    this.wanted = wanted
    this.isList = !read
    this.#after = read ?? readList(wanted)
  }

  get state (): ReadonlySignal<SearchState> {
    return this.#state
  }

  get count (): number {
    return this.segments.count
  }

  at (index: number): Log | undefined {
    return this.segments.at(index)
  }

  get isStopped (): boolean {
    return this.#ended.signal.aborted
  }

  /** Aborted once the search is stopped. */
  get ended (): AbortSignal {
    return this.#ended.signal
  }

  /** The index of a log that is in memory. */
  indexOf (id: string): number | undefined {
    return this.segments.indexOf(id)
  }

  /** A log that is in memory. */
  find (id: string): Log | undefined {
    const index = this.indexOf(id)
    return index === undefined ? undefined : this.at(index)
  }

  /** Ends all its requests, and with them the statements in the database. */
  stop (): void {
    this.#ended.abort()
    this.#paging.abort()
  }

  /** Ends the request of the next page, until a user wants more. */
  pause (): void {
    this.#paging.abort()
    this.#change({ isLoading: false, isPaused: true })
  }

  /** Begins anew at a time in the middle of the list, from which it goes on in both directions. */
  jump (at: string): Promise<void> {
    return this.#begin(readListAt(this.frozen, at))
  }

  /** Begins anew at the first row of the list, unless it is there. */
  async toStart (): Promise<void> {
    if (this.isList && !this.#state.peek().isAtStart) await this.#begin(readList(this.frozen))
  }

  /** Begins anew at the last row of the list, from which it goes on backwards. */
  async toEnd (): Promise<void> {
    if (this.isList && !this.#state.peek().isAtEnd) await this.#begin(readListEnd(this.frozen))
  }

  /** What is wanted, in absolute times. */
  get frozen (): Wanted {
    const { times } = this.#state.peek()
    const asOf = this.#hasGrown ? '' : times?.asOf ?? ''
    return times ? { ...this.wanted, from: times.from ?? '', to: times.to ?? '', asOf } : this.wanted
  }

  async #begin (read: Read): Promise<void> {
    this.#paging.abort()
    this.segments = new Segments()
    this.#before = undefined
    this.#unread = []
    this.#after = read
    const { chain } = this.#state.peek()
    this.#change({ chain: chain + 1, isLoading: false, isAtStart: true, isAtEnd: false, reached: undefined })
    await this.more()
  }

  /** Goes on, as a user wants. */
  goOn (): void {
    this.#effort.renew()
    void this.more()
  }

  /** Reads the next page, unless one is under way or there is none. */
  async more (): Promise<void> {
    const read = this.#after
    if (this.#state.peek().isLoading || !read) return
    const slice = await this.#page(read, this.count === 0 ? firstPageRows : pageRows)
    if (!slice) return
    const { after, before, page } = slice
    this.#append(slice)
    this.#after = after
    this.#before ??= before
    const said = page && saidBy(page, this.#state.peek(), this.#startedAt)
    this.#change({ isLoading: false, isAtEnd: !after, isAtStart: !this.#before, ...said })
    if (page?.complete === false && this.count < firstPageRows && this.#effort.isLeft) await this.more()
    else if (this.count === 0) await this.moreBefore()
  }

  /** Reads the page before the first row, unless one is under way or there is none. */
  async moreBefore (): Promise<void> {
    const read = this.#before
    if (this.#state.peek().isLoading || !read) return
    const slice = await this.#page(read, pageRows)
    if (!slice) return
    this.segments.prepend(slice.logs, slice.again)
    this.#before = slice.before
    this.#change({ isLoading: false, isAtStart: !slice.before })
  }

  /** Whether the side on which the list grows is read: the newest rows. */
  get isAtNewest (): boolean {
    const { isAtStart, isAtEnd } = this.#state.peek()
    return this.wanted.order === 'newest' ? isAtStart : isAtEnd
  }

  /** Adds logs that arrived after the list was read where they belong; gives those that were not there. */
  enter (logs: readonly Log[]): Log[] {
    const { order } = this.wanted
    const { isAtEnd } = this.#state.peek()
    const last = this.segments.last
    this.#hasGrown = true
    const entered = logs.filter((log) => {
      if (isAtEnd || (last && compare(log, last, order) <= 0)) return this.segments.enter(log, order)
      this.#unread.push(log)
      return false
    })
    if (entered.length > 0) this.#change({})
    return entered
  }

  /** Describes the logs of now: those who count them count anew. */
  refresh (): void {
    const { times } = this.#state.peek()
    if (times) this.#change({ times: { ...times, asOf: '' } })
  }

  /** Notes the place up to which later logs have entered. */
  followedTo (place: string): void {
    this.#change({ place })
  }

  /** Drops rows far from the newest ones: they are read from the database when they are wanted. */
  trim (kept: number): void {
    const { order } = this.wanted
    this.segments.trim(kept, order)
    const { first, last } = this.segments
    const { times } = this.#state.peek()
    if (!first || !last || !times) return
    this.#paging.abort()
    const isDown = order === 'newest'
    const edge = isDown ? last : first
    const rest = readList({ ...this.wanted, from: times.from ?? '', to: afterTime(edge.at), asOf: '', order: 'newest' })
    const read = readBelow(rest, edge, 'newest')
    if (isDown) this.#after = read
    else this.#before = readBack(read)
    this.#change({ isLoading: false, ...isDown ? { isAtEnd: false } : { isAtStart: false } })
  }

  /** Notes which rows are in view, and which one has the focus; reads again those that are no longer in memory. */
  look (first: number, last: number, focused = first): void {
    if (first !== this.shown.peek().first) this.#effort.renew()
    this.shown.value = { first, last }
    const missing = this.segments.look(first - marginRows, last + marginRows)
    for (const segment of new Set([...missing, ...this.segments.look(focused, focused)])) {
      if (this.#reading.has(segment)) continue
      this.#reading.add(segment)
      void this.#reread(segment)
    }
    const { error, isPaused } = this.#state.peek()
    if (error || isPaused || !this.#effort.isLeft) return
    if (last >= this.segments.end - pageRows / 2) void this.more()
    if (first < this.segments.start + pageRows / 2) void this.moreBefore()
  }

  /** Undefined: stopped, or failed. */
  async #page (read: Read, limit: number): Promise<Slice | undefined> {
    if (this.isStopped) return undefined
    const paging = new AbortController()
    this.#paging = paging
    this.#effort.spend()
    this.#change({ isLoading: true, isPaused: false, error: undefined })
    try {
      const slice = await read(limit, paging.signal)
      return paging.signal.aborted ? undefined : slice
    } catch (error) {
      if (paging.signal.aborted) return undefined
      if (!(error instanceof ApiError)) throw error
      this.#change({ isLoading: false, error })
    }
  }

  /** Adds a page after the last row, with the logs that arrived later and belong into it. */
  #append ({ logs, again, after }: Slice): void {
    const { order } = this.wanted
    const last = logs.at(-1)
    const isHere = (log: Log) => !after || (last !== undefined && compare(log, last, order) < 0)
    const late = this.#unread.filter(isHere)
    this.#unread = this.#unread.filter((log) => !isHere(log))
    this.segments.append(merge(logs, late, order), late.reduce((read, log) => readAlso(read, log, order), again))
  }

  async #reread (segment: Segment): Promise<void> {
    const { again, count } = segment
    if (!again) return
    try {
      this.segments.refill(segment, (await again(count, this.#ended.signal)).logs, this.wanted.order)
      this.#change({})
    } catch (error) {
      if (!this.isStopped && error instanceof ApiError) this.#change({ error })
    } finally {
      this.#reading.delete(segment)
    }
  }

  #change (change: Partial<SearchState>): void {
    const { version } = this.#state.peek()
    this.#state.value = { ...this.#state.peek(), ...change, version: version + 1 }
  }
}
