// The histogram of a search: asked once the search knows its times, so that both describe the same logs.
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError, request } from '../api/client.ts'
import { inTurn } from '../api/turns.ts'
import type { Log, Times } from '../api/types.ts'
import { valueOf } from '../list/cell.tsx'
import type { Search } from '../rows/search.ts'
import { serverNow } from '../time/clock.ts'
import { isoOf } from '../time/instant.ts'
import { sumOf, topValues } from './bars.ts'
import { firstCounted, grown, joined, type Histogram } from './histogram.ts'

export interface CountsState {
  /** That of the search before, until the first answer is there. */
  histogram: Histogram | undefined
  isBusy: boolean
  error: ApiError | undefined
}

export interface Wished {
  /** The field whose values are stacked. */
  by: string
  /** Name of the time zone by whose clock intervals begin. */
  zone: string
  maxBars: number
}

export class Counts {
  readonly search: Search
  readonly #wished: Wished
  readonly #times: Times
  readonly #state = signal<CountsState>({ histogram: undefined, isBusy: true, error: undefined })
  readonly #ended = new AbortController()
  /** End of the time that is shown where the search has no bound. */
  #end: string

  /** The bars of the counts before are shown until the first answer is there. */
  constructor (search: Search, wished: Wished, { times, before }: { times: Times, before: Counts | undefined }) {
    this.search = search
    this.#wished = wished
    this.#times = times
    this.#end = before?.search === search ? before.#end : endOf(search, times)
    this.#change({ histogram: before?.state.peek().histogram })
  }

  get state (): ReadonlySignal<CountsState> {
    return this.#state
  }

  stop (): void {
    this.#ended.abort()
  }

  /** Asks for the histogram of the frozen view. */
  async ask (): Promise<void> {
    await this.#run(async () => await this.#read(this.#times))
  }

  /** Asks again, for what has arrived by now, too. */
  async askAgain (): Promise<void> {
    this.#end = laterOf(this.#end, isoOf(serverNow()))
    await this.#run(async () => await this.#read({ ...this.#times, asOf: '' }))
  }

  /** Counts further back from where the time was over. */
  async goOn (): Promise<void> {
    const { histogram } = this.#state.peek()
    const to = histogram?.buckets[firstCounted(histogram)]?.at
    if (!histogram || to === undefined) await this.ask()
    else await this.#run(async () => joined(await this.#read({ ...this.#times, to }, histogram.interval), histogram))
  }

  /** Adds logs that arrived since, until they are asked for. */
  add (logs: readonly Log[]): void {
    const { histogram } = this.#state.peek()
    if (!histogram) return
    for (const { at } of logs) this.#end = laterOf(this.#end, at)
    this.#show(grown(histogram, logs, (log) => valueOf(log, this.#wished.by) || undefined))
  }

  async #run (read: () => Promise<Histogram>): Promise<void> {
    this.#change({ isBusy: true, error: undefined })
    try {
      const histogram = await inTurn(this.#ended.signal, read)
      this.#show(histogram)
      this.#change({ isBusy: false })
    } catch (error) {
      if (this.#ended.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.#change({ isBusy: false, error })
    }
  }

  #read ({ from, to, asOf }: Times, interval?: number): Promise<Histogram> {
    const { query, user } = this.search.wanted
    const { by, zone, maxBars } = this.#wished
    const isTop = by !== 'level' && by !== ''
    return request<Histogram>('api/logs/histogram', {
      params: {
        query,
        user,
        by,
        zone,
        ...isTop && { top: topValues },
        ...interval === undefined ? { buckets: maxBars } : { interval: `${interval}s` },
        from: from ?? '',
        // All time ends with the newest log; else the time until now is shown, empty or not.
        to: to ?? (from === null ? '' : this.#end),
        asOf
      },
      signal: this.#ended.signal
    })
  }

  #show (histogram: Histogram): void {
    const { buckets, complete, reached } = histogram
    this.#change({ histogram })
    this.search.total.value = { logs: sumOf(buckets), isExact: complete, ...reached !== undefined && { reached } }
  }

  #change (change: Partial<CountsState>): void {
    this.#state.value = { ...this.#state.peek(), ...change }
  }
}

/** The counts that are shown; undefined while the histogram is hidden. */
export const shownCounts = signal<Counts | undefined>(undefined)

/** The view's present, or its newest log, where a list begins with that; empty where it is not known. */
function endOf (search: Search, { asOf }: Times): string {
  if (search.wanted.order !== 'newest' || !search.state.peek().isAtStart) return ''
  return laterOf(asOf, search.at(search.segments.start)?.at ?? asOf)
}

/** An end after both of two times. */
function laterOf (one: string, other: string): string {
  return isoOf(Math.max(Date.parse(one) || 0, Date.parse(other) || 0) + 1)
}
