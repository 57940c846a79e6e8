import { millisecondsOf } from '../model/instant.ts'
import { sizeOfValue, type LogRecord, type StoredLog } from '../model/record.ts'
import type { BatchPosition } from '../model/batch.ts'
import { byPosition, placeBefore, writePosition, type LogPosition } from './position.ts'
import { QueueMemory } from './queue-memory.ts'

/** A log with its id. */
export type TailedLog = LogRecord & Pick<StoredLog, 'id'>

/** A log, and the position after which a tail continues. */
export interface Tailed {
  place: string
  userName: string
  log: TailedLog
}

/** Event of a subscription: a log, a count of dropped logs with the place before them, or a heartbeat. */
export type TailEvent = Tailed | { missed: number, after: string } | 'silence'

/** Queued logs; more are dropped and counted. */
const maxQueuedLogs = 2000
/** Bytes of the queued logs, except the first one, and of those that were taken last. */
const maxHeldBytes = 8_000_000
/** A log that was stored this long after its arrival, in milliseconds, may be missing from a list of its time. */
const lateMs = 1000

/** A number of logs that were dropped, and the place before the first of them. */
interface Missed {
  logs: number
  after: string
}

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
  /** Batch and place of the log that was queued last. */
  #last: BatchPosition & { text: string } | undefined
  #missed: Missed | undefined
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
      // Once a log is dropped, so are those after it: the reader can go on from the place before.
      if (this.#missed === undefined && this.#enqueue(tailed)) this.#last = { ...place, text: tailed.place }
      else this.#drop(place)
    }
    this.#wake()
  }

  /** Yields the matching logs of a batch that were not received before. */
  * pick (place: BatchPosition, logs: readonly TailedLog[]): Generator<Tailed> {
    // Another instance may have been ahead of this one.
    const order = this.#seen === undefined ? 1 : byPosition(place, this.#seen)
    if (order < 0) return
    const after = this.#seen !== undefined && order === 0 ? this.#seen.index : -1
    const listedBefore = this.#seen?.listedBefore
    const userName = this.#nameOf(place.userId)
    for (const [index, log] of logs.entries()) {
      if (index <= after || this.#isListed(place, log) || !this.#matches(log, userName)) continue
      yield { place: writePosition({ ...place, index, listedBefore }), userName, log }
    }
  }

  /**
   * Whether the list that the reader goes on from has the log, though its batch was created since.
   *
   * A log that arrived before the list's time was stored by then, unless it had to wait for the database: such a log is
   * delivered in any case, as a list may lack it.
   */
  #isListed ({ createdAt }: BatchPosition, { id }: TailedLog): boolean {
    const listedBefore = this.#seen?.listedBefore
    if (listedBefore === undefined) return false
    const arrivedMs = Number(BigInt(id) >> 16n)
    return arrivedMs < listedBefore && millisecondsOf(createdAt) - arrivedMs < lateMs
  }

  /** Drops a log of a batch; batches of the same time may have been queued before it. */
  #drop (place: BatchPosition): void {
    const last = this.#last?.createdAt === place.createdAt ? this.#last.text : undefined
    this.#missed ??= { logs: 0, after: last ?? this.#placeBefore(place) }
    this.#missed.logs++
  }

  #placeBefore ({ createdAt }: BatchPosition): string {
    return placeBefore(createdAt, this.#seen?.listedBefore)
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
    const missed = logs.filter((log) => this.#matches(log, userName)).length
    if (missed === 0) return
    // The batch is behind all that was delivered.
    this.#missed = { logs: missed + (this.#missed?.logs ?? 0), after: this.#placeBefore(place) }
    this.#wake()
  }

  /** Takes what is queued, in order, or waits for more; `silence` after `heartbeatMs`, undefined once it is closed. */
  async take (heartbeatMs: number): Promise<TailEvent[] | undefined> {
    this.#releaseTaken()
    if (this.#queue.length === 0 && this.#missed === undefined && !this.#closed) {
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
    if (this.#missed) events.push({ missed: this.#missed.logs, after: this.#missed.after })
    this.#missed = undefined
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
