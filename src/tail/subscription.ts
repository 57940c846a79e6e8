import { sizeOfValue, type LogRecord } from '../model/record.ts'
import type { BatchPosition } from '../model/batch.ts'
import { byPosition, writePosition, type LogPosition } from './position.ts'
import { Room } from './room.ts'

/** A log, and the place that goes on after it. */
export interface Tailed {
  place: string
  userName: string
  log: LogRecord & { id: string }
}

/** What a subscription gives: a log, how many were left out because they were not taken in time, or, after a silence, nothing. */
export type TailEvent = Tailed | { missed: number } | 'silence'

/** Logs that wait to be taken, by number; and by bytes, with those that were taken last, but for the first that waits. More are counted, and left out. */
const mostWaiting = 2000
const maxHeldBytes = 8_000_000

/** What a subscription shares with others, and where it goes on. */
export interface SubscriptionOptions {
  /** The last log that was seen. Default: none. */
  seen?: LogPosition
  /** Default: a room of its own. */
  room?: Room
}

/** One reader of the feed. */
export class Subscription {
  /** Undefined: everybody's. */
  readonly userId: number | undefined
  readonly #matches: (log: LogRecord, userName: string) => boolean
  readonly #nameOf: (userId: number) => string
  readonly #seen: LogPosition | undefined
  readonly #room: Room
  readonly #waiting: Tailed[] = []
  #waitingBytes = 0
  /** What the last `take` gave, and whoever took it may still hold. */
  #taken: Tailed[] = []
  #takenBytes = 0
  #missed = 0
  #closed = false
  #wake: () => void = () => {}

  constructor (userId: number | undefined, matches: (log: LogRecord, userName: string) => boolean, nameOf: (userId: number) => string, { seen, room = new Room() }: SubscriptionOptions = {}) {
    this.userId = userId
    this.#matches = matches
    this.#nameOf = nameOf
    this.#seen = seen
    this.#room = room
  }

  /** Takes of a batch what it asks for and has not seen. */
  deliver (place: BatchPosition, logs: ReadonlyArray<LogRecord & { id: string }>): void {
    for (const tailed of this.pick(place, logs)) {
      if (!this.#isKept(tailed)) this.#missed++
    }
    this.#wake()
  }

  /** What it asks for of a batch and has not seen, whatever waits. */
  * pick (place: BatchPosition, logs: ReadonlyArray<LogRecord & { id: string }>): Generator<Tailed> {
    // Another instance may have been ahead of this one.
    const order = this.#seen === undefined ? 1 : byPosition(place, this.#seen)
    if (order < 0) return
    const after = order === 0 ? this.#seen!.index : -1
    const userName = this.#nameOf(place.userId)
    for (const [index, log] of logs.entries()) {
      if (index > after && this.#matches(log, userName)) yield { place: writePosition({ ...place, index }), userName, log }
    }
  }

  #isKept (tailed: Tailed): boolean {
    if (this.#closed || this.#waiting.length >= mostWaiting) return false
    const bytes = sizeOfValue(tailed.log)
    if (this.#waiting.length > 0 && this.#takenBytes + this.#waitingBytes + bytes > maxHeldBytes) return false
    if (!this.#room.take(this.userId, tailed.log, bytes)) return false
    this.#waiting.push(tailed)
    this.#waitingBytes += bytes
    return true
  }

  /** Counts what it asks for of a batch that appeared too late to be delivered. */
  miss (place: BatchPosition, logs: ReadonlyArray<LogRecord & { id: string }>): void {
    const userName = this.#nameOf(place.userId)
    this.#missed += logs.filter((log) => this.#matches(log, userName)).length
    if (this.#missed > 0) this.#wake()
  }

  /** What waits, in order, or else the next to come, or `silence` after so many milliseconds. Undefined once it is closed. */
  async take (patience: number): Promise<TailEvent[] | undefined> {
    this.#giveUp()
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
    this.#taken = this.#waiting.splice(0)
    this.#takenBytes = this.#waitingBytes
    this.#waitingBytes = 0
    const events: TailEvent[] = [...this.#taken]
    if (this.#missed > 0) events.push({ missed: this.#missed })
    this.#missed = 0
    return events.length === 0 ? ['silence'] : events
  }

  #giveUp (): void {
    for (const { log } of this.#taken) this.#room.give(this.userId, log)
    this.#taken = []
    this.#takenBytes = 0
  }

  close (): void {
    this.#closed = true
    this.#giveUp()
    this.#taken = this.#waiting.splice(0)
    this.#giveUp()
    this.#wake()
  }
}
