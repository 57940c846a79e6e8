// What is known of a search, beside its rows.
import type { ApiError } from '../api/error.ts'
import type { Page, Times } from '../api/types.ts'

export interface SearchState {
  /** Changes whenever rows do. */
  version: number
  /** Changes when the rows are others altogether. */
  chain: number
  isLoading: boolean
  /** No page is before the first row. */
  isAtStart: boolean
  /** No page follows the last row. */
  isAtEnd: boolean
  /** A user stopped it; it goes on by `more`. */
  isPaused: boolean
  /** Times of the frozen view, once the first page is there. */
  times: Times | undefined
  /** The time that was searched back to, where the time of the last request was over. */
  reached: string | undefined
  outside: Page['outside']
  lag: Page['lag']
  /** Position of the feed at which the tail continues the list. */
  place: string | undefined
  error: ApiError | undefined
  /** Milliseconds of the first page. */
  tookMs: number | undefined
}

/** The number of logs of the whole search, as far as it is counted. */
export interface Total {
  logs: number
  /** False: there may be more. */
  isExact: boolean
  /** All logs since then are counted, where the count is not exact and the server says so. */
  reached?: string
}

export const initialState: SearchState = {
  version: 0,
  chain: 0,
  isLoading: false,
  isAtStart: true,
  isAtEnd: false,
  isPaused: false,
  times: undefined,
  reached: undefined,
  outside: undefined,
  lag: undefined,
  place: undefined,
  error: undefined,
  tookMs: undefined
}

/** What a page says of its whole search, where no page before it did. */
export function saidBy (page: Page, state: SearchState, startedAt: number): Partial<SearchState> {
  const { times, place, outside, lag, tookMs } = state
  return {
    times: times ?? { from: page.from, to: page.to, asOf: page.asOf },
    place: place ?? page.place,
    reached: page.complete ? undefined : page.reached ?? page.logs.at(-1)?.at,
    outside: outside ?? page.outside,
    lag: lag ?? page.lag,
    tookMs: tookMs ?? performance.now() - startedAt
  }
}
