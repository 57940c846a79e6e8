// A search and its rows: one frozen view of the logs, read page by page.
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError, request } from '../api/client.ts'
import type { Log, Page, Times } from '../api/types.ts'
import type { View } from '../view/view.ts'
import { Segments, type Segment } from './segments.ts'

/** Rows of a page: the first one is small, so that it is there at once. */
const firstPageRows = 100
const pageRows = 500
/** Characters of a message in the list; the whole one is read when it is opened. */
export const cutCharacters = 2048
/** Milliseconds for which a search that found nothing yet goes on by itself. */
const autoContinueMs = 30_000

export type Wanted = Pick<View, 'query' | 'from' | 'to' | 'user' | 'order' | 'asOf'>

export interface SearchState {
  /** Changes whenever rows do. */
  version: number
  isLoading: boolean
  /** No page follows. */
  isAtEnd: boolean
  /** Times of the frozen view, once the first page is there. */
  times: Times | undefined
  /** The time that was searched back to, where the time of the last request was over. */
  reached: string | undefined
  hint: string | undefined
  outside: Page['outside']
  /** Position of the feed at which the tail continues the list. */
  place: string | undefined
  error: ApiError | undefined
  /** Milliseconds of the first page. */
  tookMs: number | undefined
}

export class Search {
  readonly wanted: Wanted
  readonly segments = new Segments()
  readonly #state = signal<SearchState>({
    version: 0,
    isLoading: false,
    isAtEnd: false,
    times: undefined,
    reached: undefined,
    hint: undefined,
    outside: undefined,
    place: undefined,
    error: undefined,
    tookMs: undefined
  })

  readonly #ended = new AbortController()
  readonly #reading = new Set<Segment>()
  readonly #startedAt = performance.now()
  #cursor: string | undefined

  constructor (wanted: Wanted) {
    this.wanted = wanted
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

  /** Ends all its requests, and with them the statements in the database. */
  stop (): void {
    this.#ended.abort()
  }

  /** Reads the next page, unless one is under way or there is none. */
  async more (): Promise<void> {
    const { isLoading, isAtEnd } = this.#state.peek()
    if (isLoading || isAtEnd || this.#ended.signal.aborted) return
    this.#change({ isLoading: true, error: undefined })
    const cursor = this.#cursor
    try {
      const page = await this.#read(cursor, this.count === 0 ? firstPageRows : pageRows)
      this.segments.append(page.logs, cursor)
      this.#cursor = page.cursor
      const { times, place, tookMs, outside } = this.#state.peek()
      this.#change({
        isLoading: false,
        isAtEnd: page.cursor === undefined,
        times: times ?? { from: page.from, to: page.to, asOf: page.asOf },
        place: place ?? page.place,
        reached: page.complete ? undefined : page.reached ?? page.logs.at(-1)?.at,
        hint: page.hint,
        outside: outside ?? page.outside,
        tookMs: tookMs ?? performance.now() - this.#startedAt
      })
      const mayGoOn = performance.now() - this.#startedAt < autoContinueMs && !document.hidden
      if (!page.complete && this.count < firstPageRows && mayGoOn) await this.more()
    } catch (error) {
      if (this.isStopped) return
      if (!(error instanceof ApiError)) throw error
      this.#change({ isLoading: false, error })
    }
  }

  /** Notes which rows are looked at, and reads again those that are no longer in memory. */
  look (first: number, last: number): void {
    for (const segment of this.segments.look(first, last)) {
      if (this.#reading.has(segment)) continue
      this.#reading.add(segment)
      void this.#reread(segment)
    }
    if (last >= this.count - pageRows / 2 && this.#state.peek().error === undefined) void this.more()
  }

  async #reread (segment: Segment): Promise<void> {
    try {
      this.segments.refill(segment, (await this.#read(segment.cursor, segment.count)).logs)
      this.#change({})
    } catch (error) {
      if (!this.#ended.signal.aborted && error instanceof ApiError) this.#change({ error })
    } finally {
      this.#reading.delete(segment)
    }
  }

  #read (cursor: string | undefined, limit: number): Promise<Page> {
    const { query, user, order } = this.wanted
    const times = this.#state.peek().times ?? this.wanted
    return request<Page>('api/logs', {
      params: {
        query,
        user,
        order,
        cursor,
        limit,
        cut: cutCharacters,
        from: times.from ?? '',
        to: times.to ?? '',
        asOf: times.asOf
      },
      signal: this.#ended.signal,
      priority: 'high'
    })
  }

  #change (change: Partial<SearchState>): void {
    const { version } = this.#state.peek()
    this.#state.value = { ...this.#state.peek(), ...change, version: version + 1 }
  }
}
