import type { LogRecord } from '../record.ts'
import { byPlace, writePlace, type LogPlace, type Place } from './place.ts'

/** A log, and the place that goes on after it. */
export interface Tailed {
  place: string
  userName: string
  log: LogRecord & { id: string }
}

/** What a subscription gives: a log, how many were left out because they were not taken in time, or, after a silence, nothing. */
export type TailEvent = Tailed | { missed: number } | 'silence'

/** So many logs wait to be taken; more are counted, and left out. */
const mostWaiting = 2000

/** One reader of the feed. */
export class Subscription {
  /** Undefined: everybody's. */
  readonly userId: number | undefined
  readonly #matches: (log: LogRecord, userName: string) => boolean
  readonly #nameOf: (userId: number) => string
  readonly #seen: LogPlace | undefined
  readonly #waiting: TailEvent[] = []
  #missed = 0
  #closed = false
  #wake: () => void = () => {}

  constructor (userId: number | undefined, matches: (log: LogRecord, userName: string) => boolean, nameOf: (userId: number) => string, seen?: LogPlace) {
    this.userId = userId
    this.#matches = matches
    this.#nameOf = nameOf
    this.#seen = seen
  }

  /** Takes of a batch what it asks for and has not seen. */
  deliver (place: Place, logs: ReadonlyArray<LogRecord & { id: string }>): void {
    // Another instance may have been ahead of this one.
    const order = this.#seen === undefined ? 1 : byPlace(place, this.#seen)
    if (order < 0) return
    const after = order === 0 ? this.#seen!.index : -1
    const userName = this.#nameOf(place.userId)
    for (const [index, log] of logs.entries()) {
      if (index <= after || !this.#matches(log, userName)) continue
      if (this.#waiting.length >= mostWaiting) this.#missed++
      else this.#waiting.push({ place: writePlace({ ...place, index }), userName, log })
    }
    this.#wake()
  }

  /** Counts what it asks for of a batch that appeared too late to be delivered. */
  miss (place: Place, logs: ReadonlyArray<LogRecord & { id: string }>): void {
    const userName = this.#nameOf(place.userId)
    this.#missed += logs.filter((log) => this.#matches(log, userName)).length
    if (this.#missed > 0) this.#wake()
  }

  /** What waits, in order, or else the next to come, or `silence` after so many milliseconds. Undefined once it is closed. */
  async take (patience: number): Promise<TailEvent[] | undefined> {
    if (this.#waiting.length === 0 && this.#missed === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patience)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = () => {}
    }
    if (this.#closed) return undefined
    const events = this.#waiting.splice(0)
    if (this.#missed > 0) events.push({ missed: this.#missed })
    this.#missed = 0
    return events.length === 0 ? ['silence'] : events
  }

  /** How many wait. */
  get waiting (): number {
    return this.#waiting.length
  }

  close (): void {
    this.#closed = true
    this.#wake()
  }
}
