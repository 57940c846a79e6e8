// The histogram of a search: asked once the search knows its times, so that both describe the same logs.
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError, request } from '../api/client.ts'
import type { Times } from '../api/types.ts'
import type { Wanted } from '../rows/search.ts'
import type { Bucket } from './bars.ts'

/** Bars of at least 5 pixels on a wide screen. */
const maxBars = 160
/** Values of a field that have a colour of their own. */
const topValues = 5

export interface Histogram extends Times {
  /** In seconds. */
  interval: number
  buckets: Bucket[]
  /** False: the time was over before all logs were counted. */
  complete: boolean
}

export interface CountsState {
  histogram: Histogram | undefined
  error: ApiError | undefined
}

export class Counts {
  readonly #state = signal<CountsState>({ histogram: undefined, error: undefined })
  readonly #ended = new AbortController()

  get state (): ReadonlySignal<CountsState> {
    return this.#state
  }

  stop (): void {
    this.#ended.abort()
  }

  /** Asks for the histogram of a search in its times. */
  async ask ({ query, user }: Wanted, times: Times, { by, zone }: { by: string, zone: string }): Promise<void> {
    try {
      const histogram = await request<Histogram>('api/logs/histogram', {
        params: {
          query,
          user,
          by,
          zone,
          top: by === 'level' ? undefined : topValues,
          buckets: maxBars,
          from: times.from ?? '',
          to: times.to ?? '',
          asOf: times.asOf
        },
        signal: this.#ended.signal
      })
      this.#state.value = { histogram, error: undefined }
    } catch (error) {
      if (this.#ended.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.#state.value = { ...this.#state.peek(), error }
    }
  }
}
