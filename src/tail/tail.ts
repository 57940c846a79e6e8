import type { AdmittedBatch, BatchPosition } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord, StoredLog } from '../model/record.ts'
import { Feed, nameOf } from './feed.ts'
import { QueueMemory } from './queue-memory.ts'
import { readPosition, type LogPosition } from './position.ts'
import { Subscription, type TailEvent } from './subscription.ts'

/** Interval of heartbeats while no log comes, so that nobody takes the connection for dead. */
const heartbeatMs = 15_000
/** Batches that are listed at once: by a tail that catches up, and by the feed. */
const catchUpPage = 100
const feedPage = 1000

export interface TailOptions {
  /** User whose logs are followed; undefined follows all users. */
  userId: number | undefined
  matches: (log: LogRecord, userName: string) => boolean
  /** Position of the last event that was received: the tail continues after it. Default: with the next log. */
  after?: string
  /** Reader in whose turns a tail catches up; null: an administrator. Default: the user. */
  reader?: number | null
}

/** Batches to list: at most `limit` after a position and before a time, of one user or of all. */
export interface BatchPage {
  userId?: number
  after: BatchPosition
  before: UtcTime
  limit: number
}

/** The batches in the database. */
export interface TailSource {
  /** Time before which every batch is stored; `alone` if only this process stores. */
  horizon: () => Promise<{ time: UtcTime, alone: boolean }>
  /** Lists batches in order. */
  list: (page: BatchPage) => Promise<BatchPosition[]>
  count: (after: BatchPosition, before: UtcTime) => Promise<number>
  /** A time before this one, between which and this one there are at most this number of batches. */
  since: (before: UtcTime, batches: number) => Promise<UtcTime>
  /** The batch at a position; undefined where it is deleted. */
  find: (position: BatchPosition) => Promise<BatchPosition | undefined>
  /** The logs of a batch; none where it is deleted. */
  read: (batch: BatchPosition, signal: AbortSignal) => Promise<StoredLog[]>
  /** The same in a reader's turn, so that tails that catch up do not delay others. */
  readInTurn: (reader: number | null, batch: BatchPosition, signal: AbortSignal) => Promise<StoredLog[]>
  userNames: () => Promise<Iterable<readonly [id: number, name: string]>>
}

/** A batch with the estimated size of its logs. */
type CommittedBatch = AdmittedBatch & { bytes: number }

interface CatchUp {
  seen: LogPosition
  before: UtcTime
  reader: number | null
}

/** Delivers logs as they are stored, on any instance, to its subscribers. */
export class Tail {
  readonly #source: TailSource
  readonly #feed: Feed
  readonly #memory = new QueueMemory()
  readonly #names = new Map<number, string>()
  readonly #closing = new AbortController()

  /** `onFailure` is called once an outage of the database. */
  constructor (source: TailSource, onFailure: (error: unknown) => void) {
    this.#source = source
    this.#feed = new Feed({
      horizon: source.horizon,
      list: (after, before, known) => this.#listAll(after, before, known),
      count: source.count,
      since: source.since,
      load: (batch) => source.read(batch, this.#closing.signal),
      onFailure
    })
  }

  /** Adds batches that this process committed; with `areWhole` false their logs are read from the database. */
  addCommitted (batches: readonly CommittedBatch[], createdAt: UtcTime, areWhole: boolean): void {
    if (!this.#feed.running) return
    for (const batch of batches) {
      const { userId, key, bytes } = batch
      this.#feed.add({ createdAt, userId, key: key.toString('hex'), bytes, logs: areWhole ? logsOf(batch) : undefined })
    }
  }

  /** Follows the logs until the signal is aborted, which it must be in the end. */
  async follow (options: TailOptions, signal: AbortSignal): Promise<AsyncGenerator<TailEvent, void, void>> {
    signal.throwIfAborted()
    const seen = options.after === undefined ? undefined : readPosition(options.after)
    const subscription = this.#subscription(options, seen, this.#memory)
    signal.addEventListener('abort', () => {
      subscription.close()
      this.#feed.unsubscribe(subscription)
    }, { once: true })
    await this.#readNames()
    const from = await this.#feed.subscribe(subscription)
    const missed = seen && seen.createdAt < from ? { seen, before: from } : undefined
    return this.#events(options, subscription, missed, signal)
  }

  close (): void {
    this.#feed.close()
    this.#closing.abort(new Error('the server closes'))
  }

  #subscription ({ userId, matches }: TailOptions, seen?: LogPosition, memory?: QueueMemory): Subscription {
    return new Subscription(userId, matches, (userId) => this.#names.get(userId) ?? '', { seen, memory })
  }

  async * #events (
    options: TailOptions, subscription: Subscription, missed: Omit<CatchUp, 'reader'> | undefined, signal: AbortSignal
  ): AsyncGenerator<TailEvent, void, void> {
    const { userId, reader = userId ?? null } = options
    if (missed) yield * this.#catchUp(this.#subscription(options, missed.seen), { ...missed, reader }, signal)
    for (;;) {
      const events = await subscription.take(heartbeatMs)
      if (events === undefined) return
      yield * events
    }
  }

  /** The logs that were stored after the last one received, up to the start of the subscription. */
  async * #catchUp (
    missed: Subscription, { seen, before, reader }: CatchUp, signal: AbortSignal
  ): AsyncGenerator<TailEvent, void, void> {
    // The rest of the batch of the last log.
    const first = await this.#source.find(seen)
    let batches = first && (missed.userId ?? first.userId) === first.userId ? [first] : []
    for (let position: BatchPosition = seen; !signal.aborted;) {
      for (const batch of batches) {
        yield * missed.pick(batch, await this.#source.readInTurn(reader, batch, signal))
        position = batch
      }
      batches = await this.#source.list({ userId: missed.userId, after: position, before, limit: catchUpPage })
      if (batches.length === 0) return
    }
  }

  async #listAll (after: BatchPosition, before: UtcTime, known?: ReadonlySet<string>): Promise<BatchPosition[]> {
    const all: BatchPosition[] = []
    for (let last: BatchPosition | undefined = after; last !== undefined;) {
      const page: BatchPosition[] = await this.#source.list({ after: last, before, limit: feedPage })
      all.push(...known === undefined ? page : page.filter((batch) => !known.has(nameOf(batch))))
      last = page.at(-1)
    }
    if (all.some(({ userId }) => !this.#names.has(userId))) await this.#readNames()
    return all
  }

  async #readNames (): Promise<void> {
    for (const [id, name] of await this.#source.userNames()) this.#names.set(id, name)
  }
}

function logsOf ({ userId, firstId, records }: AdmittedBatch): StoredLog[] {
  return records.map((record, index) => ({ ...record, id: (firstId + BigInt(index)).toString(), userId }))
}
