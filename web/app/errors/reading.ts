import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiError } from '../api/error.ts'
import { request } from '../api/client.ts'
import type { Page } from '../api/types.ts'
import type { View } from '../view/view.ts'
import { addTo, errorsQuery, type Group } from './groups.ts'

/** Logs of a page, and pages that are read by themselves. */
const pageLogs = 1000
const pagesAtOnce = 10
/** Characters of a message that are read; a template has fewer. */
const cutCharacters = 500

export type ErrorsWanted = Pick<View, 'from' | 'to' | 'user' | 'asOf'>

export interface Reading {
  groups: readonly Group[]
  logs: number
  isBusy: boolean
  /** Time back to which errors are grouped; undefined: all of the range. */
  reached: number | undefined
  /** Milliseconds of the range, as far as it is read. */
  from: number
  to: number
  error: ApiError | undefined
}

/** Groups the errors of a frozen view, the newest first. */
export class ErrorReader {
  readonly #wanted: ErrorsWanted
  readonly #groups = new Map<string, Group>()
  readonly #ended = new AbortController()
  readonly #state = signal<Reading>({
    groups: [], logs: 0, isBusy: false, reached: undefined, from: 0, to: 0, error: undefined
  })

  #cursor: string | undefined

  constructor (wanted: ErrorsWanted) {
    this.#wanted = wanted
  }

  get state (): ReadonlySignal<Reading> {
    return this.#state
  }

  stop (): void {
    this.#ended.abort()
  }

  /** Reads the next pages. */
  async more (): Promise<void> {
    this.#change({ isBusy: true, error: undefined })
    try {
      for (let pages = 0; pages < pagesAtOnce; pages++) {
        this.#take(await this.#read())
        if (this.#cursor === undefined) break
      }
    } catch (error) {
      if (this.#ended.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.#change({ error })
    }
    this.#change({ isBusy: false })
  }

  #read (): Promise<Page> {
    const { from, to, user, asOf } = this.#wanted
    // The cursor carries the times of the first page.
    const times = this.#cursor === undefined ? { from, to, asOf } : { cursor: this.#cursor }
    const params = { query: errorsQuery, user, limit: pageLogs, cut: cutCharacters, ...times }
    return request<Page>('api/logs', { params, signal: this.#ended.signal })
  }

  #take (page: Page): void {
    addTo(this.#groups, page.logs)
    this.#cursor = page.cursor
    const oldest = page.reached ?? page.logs.at(-1)?.at
    const reached = page.cursor === undefined || oldest === undefined ? undefined : Date.parse(oldest)
    const groups = [...this.#groups.values()]
    this.#change({
      groups,
      reached,
      logs: this.#state.peek().logs + page.logs.length,
      from: reached ?? (page.from === null ? Math.min(...groups.map(({ first }) => first)) : Date.parse(page.from)),
      to: Date.parse(page.to ?? page.asOf)
    })
  }

  #change (change: Partial<Reading>): void {
    this.#state.value = { ...this.#state.peek(), ...change }
  }
}
