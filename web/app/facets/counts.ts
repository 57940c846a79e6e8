// The facets of a search: the most frequent values of the fields that are open, counted by one request.
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError, request } from '../api/client.ts'
import { inTurn } from '../api/turns.ts'
import type { Times } from '../api/types.ts'
import type { Search } from '../rows/search.ts'

export interface Facet {
  field: string
  values: ReadonlyArray<{ value: string, count: number }>
  /** Logs with other values, and without one. */
  rest: number
  missing: number
  /** The number of different values; with `more` there are still others. */
  distinct: number
  more?: boolean
}

export interface FacetsState {
  /** By field; those of the search before, until the first answer is there. */
  facets: ReadonlyMap<string, Facet>
  /** False: the time was over before all logs were counted. */
  isComplete: boolean
  /** All logs from here on are counted, where not all are. */
  reached: string | undefined
  isBusy: boolean
  error: ApiError | undefined
}

interface Answer {
  facets: Facet[]
  complete: boolean
  reached?: string
}

/** Values of a field at first, and of one that is shown whole; fields of a request. */
export const topValues = 10
const allValues = 100
const maxFields = 10

export class FacetCounts {
  readonly #search: Search
  readonly #times: Times
  readonly #state = signal<FacetsState>({
    facets: new Map(), isComplete: true, reached: undefined, isBusy: true, error: undefined
  })

  readonly #ended = new AbortController()

  constructor (search: Search, times: Times, before: FacetCounts | undefined) {
    this.#search = search
    this.#times = times
    if (before) this.#change({ facets: before.state.peek().facets })
  }

  get state (): ReadonlySignal<FacetsState> {
    return this.#state
  }

  stop (): void {
    this.#ended.abort()
  }

  /** Asks for fields, `whole` ones with more of their values. */
  async ask (fields: readonly string[], whole: ReadonlySet<string>): Promise<void> {
    const few = fields.filter((field) => !whole.has(field))
    const groups = [
      ...Array.from({ length: Math.ceil(few.length / maxFields) }, (_, index) => ({
        top: topValues, fields: few.slice(index * maxFields, (index + 1) * maxFields)
      })),
      ...fields.filter((field) => whole.has(field)).map((field) => ({ top: allValues, fields: [field] }))
    ]
    this.#change({ isBusy: true, error: undefined })
    try {
      for (const [index, group] of groups.entries()) this.#add(await this.#read(group), index === 0)
      this.#change({ isBusy: false })
    } catch (error) {
      if (this.#ended.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.#change({ isBusy: false, error })
    }
  }

  #read ({ fields, top }: { fields: readonly string[], top: number }): Promise<Answer> {
    const { signal } = this.#ended
    const { query, user } = this.#search.wanted
    const { from, to, asOf } = this.#times
    const params = { query, user, from: from ?? '', to: to ?? '', asOf, field: fields, top }
    return inTurn(signal, () => request<Answer>('api/logs/facets', { params, signal, givesWay: true }))
  }

  #add ({ facets, complete, reached }: Answer, isFirst: boolean): void {
    const { facets: known, ...before } = this.#state.peek()
    this.#change({
      facets: new Map([...isFirst ? [] : known, ...facets.map((facet) => [facet.field, facet] as const)]),
      isComplete: complete && (isFirst || before.isComplete),
      reached: reached ?? (isFirst ? undefined : before.reached)
    })
  }

  #change (change: Partial<FacetsState>): void {
    this.#state.value = { ...this.#state.peek(), ...change }
  }
}
