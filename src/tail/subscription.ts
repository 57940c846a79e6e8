import { sizeOfValue, type LogRecord, type StoredLog } from '../model/record.ts'
import type { BatchPosition } from '../model/batch.ts'
import { byPosition, writePosition, type LogPosition } from './position.ts'
import { QueueMemory } from './queue-memory.ts'

/** A log with its id. */
export type TailedLog = LogRecord & Pick<StoredLog, 'id'>

/** A log, and the position after which a tail continues. */
export interface Tailed {
  place: string
  userName: string
  log: TailedLog
}

/** Event of a subscription: a log, a count of dropped logs (slow reader), or a heartbeat. */
export type TailEvent = Tailed | { missed: number } | 'silence'

/** Queued logs; more are dropped and counted. */
const maxQueuedLogs = 2000
/** Bytes of the queued logs, except the first one, and of those that were taken last. */
const maxHeldBytes = 8_000_000

/** The start of a subscription, and the memory that it shares with others. */
export interface SubscriptionOptions {
  /** Position of the last log that was received. Default: none. */
  seen?: LogPosition
  /** Default: memory of its own. */
  memory?: QueueMemory
}

/** A reader of the feed. */
export class Subscription {
  /** User whose logs it receives; undefined: all users. */
  readonly userId: number | undefined
  readonly #matches: (log: LogRecord, userName: string) => boolean
  readonly #nameOf: (userId: number) => string
  readonly #seen: LogPosition | undefined
  readonly #memory: QueueMemory
  readonly #queue: Tailed[] = []
  #queuedBytes = 0
  /** Logs that the last `take` returned: the caller may still hold them. */
  #taken: Tailed[] = []
  #takenBytes = 0
  #missed = 0
  #closed = false
  #wake: () => void = () => {}

  constructor (
    userId: number | undefined,
    matches: (log: LogRecord, userName: string) => boolean,
    nameOf: (userId: number) => string,
    { seen, memory = new QueueMemory() }: SubscriptionOptions = {}
  ) {
    this.userId = userId
    this.#matches = matches
    this.#nameOf = nameOf
    this.#seen = seen
    this.#memory = memory
  }

  /** Queues the matching logs of a batch that were not received before. */
  deliver (place: BatchPosition, logs: readonly TailedLog[]): void {
    for (const tailed of this.pick(place, logs)) {
      if (!this.#enqueue(tailed)) this.#missed++
    }
    this.#wake()
  }

  /** Yields the matching logs of a batch that were not received before. */
  * pick (place: BatchPosition, logs: readonly TailedLog[]): Generator<Tailed> {
    // Another instance may have been ahead of this one.
    const order = this.#seen === undefined ? 1 : byPosition(place, this.#seen)
    if (order < 0) return
    const after = this.#seen !== undefined && order === 0 ? this.#seen.index : -1
    const userName = this.#nameOf(place.userId)
    for (const [index, log] of logs.entries()) {
      if (index <= after || !this.#matches(log, userName)) continue
      yield { place: writePosition({ ...place, index }), userName, log }
    }
  }

  /** False where the log is dropped. */
  #enqueue (tailed: Tailed): boolean {
    if (this.#closed || this.#queue.length >= maxQueuedLogs) return false
    const bytes = sizeOfValue(tailed.log)
    if (this.#queue.length > 0 && this.#takenBytes + this.#queuedBytes + bytes > maxHeldBytes) return false
    if (!this.#memory.reserve(this.userId, tailed.log, bytes)) return false
    this.#queue.push(tailed)
    this.#queuedBytes += bytes
    return true
  }

  /** Counts the matching logs of a batch that appeared too late to be delivered. */
  miss (place: BatchPosition, logs: readonly TailedLog[]): void {
    const userName = this.#nameOf(place.userId)
    this.#missed += logs.filter((log) => this.#matches(log, userName)).length
    if (this.#missed > 0) this.#wake()
  }

  /** Takes what is queued, in order, or waits for more; `silence` after `heartbeatMs`, undefined once it is closed. */
  async take (heartbeatMs: number): Promise<TailEvent[] | undefined> {
    this.#releaseTaken()
    if (this.#queue.length === 0 && this.#missed === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, heartbeatMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = () => {}
    }
    if (this.#closed) return undefined
    this.#taken = this.#queue.splice(0)
    this.#takenBytes = this.#queuedBytes
    this.#queuedBytes = 0
    const events: TailEvent[] = [...this.#taken]
    if (this.#missed > 0) events.push({ missed: this.#missed })
    this.#missed = 0
    return events.length === 0 ? ['silence'] : events
  }

  #releaseTaken (): void {
    for (const { log } of this.#taken) this.#memory.release(this.userId, log)
    this.#taken = []
    this.#takenBytes = 0
  }

  close (): void {
    this.#closed = true
    this.#releaseTaken()
    this.#taken = this.#queue.splice(0)
    this.#releaseTaken()
    this.#wake()
  }
}
