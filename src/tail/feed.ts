// Follows the batches in the order (created_at, user_id, key) in which all instances see them:
//
//   committed by this process ─┐
//   stored by other instances ─┴→ held back until the horizon is past them → every subscription
//
// The horizon is the oldest transaction under way, here or elsewhere: before it nothing new can
// appear, so a place in the order tells exactly what a reader has seen, on whatever instance. While
// this process is alone, what it committed is all there is, and the database is not asked.
import type { LogRecord, UtcTime } from '../record.ts'
import { byPlace, type Place } from './place.ts'
import type { Subscription } from './subscription.ts'

/** A batch of the feed, with its logs where they are at hand. */
export interface FedBatch extends Place {
  logs?: ReadonlyArray<LogRecord & { id: string }>
}

export interface FeedOptions {
  /** From here on new batches of this process may appear. */
  oldest: () => UtcTime
  /** From here on those of other instances may, as of now; undefined where there are none. */
  othersOldest: () => Promise<UtcTime | undefined>
  /** What all instances stored after a place and before a time, in order. */
  list: (after: Place, before: UtcTime) => Promise<FedBatch[]>
  /** The logs of a batch. */
  load: (batch: FedBatch) => Promise<ReadonlyArray<LogRecord & { id: string }>>
  /** A cycle failed; the next one tries again. */
  onFailure: (error: unknown) => void
}

/** How often what is new is handed on, in milliseconds. */
const pause = 100
/** So many logs of this process are kept until then; past that they are read again. */
const mostKept = 50_000

export class Feed {
  readonly #options: FeedOptions
  readonly #subscriptions = new Set<Subscription>()
  #own: FedBatch[] = []
  #kept = 0
  #joining = 0
  /** Everything before it was handed on. */
  #reached: UtcTime = ''
  #timer: NodeJS.Timeout | undefined
  #cycle: Promise<void> | undefined
  #closed = false

  constructor (options: FeedOptions) {
    this.#options = options
  }

  /** Whether anybody listens, or is about to. */
  get running (): boolean {
    return this.#subscriptions.size + this.#joining > 0
  }

  /** Hands on to the subscription what comes from the returned time on. */
  async subscribe (subscription: Subscription): Promise<UtcTime> {
    if (!this.running) {
      this.#own = []
      this.#kept = 0
    }
    this.#joining++
    try {
      const { time } = await this.horizon()
      // Of a cycle under way a part was handed on already.
      while (this.#cycle) await this.#cycle
      if (this.#subscriptions.size === 0) this.#reached = time
      this.#subscriptions.add(subscription)
    } finally {
      this.#joining--
    }
    this.#schedule()
    return this.#reached
  }

  unsubscribe (subscription: Subscription): void {
    this.#subscriptions.delete(subscription)
  }

  /** This process stored a batch. */
  add (batch: FedBatch & { logs: NonNullable<FedBatch['logs']> }): void {
    this.#kept += batch.logs.length
    this.#own.push(this.#kept > mostKept ? { ...batch, logs: undefined } : batch)
  }

  close (): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const subscription of this.#subscriptions) subscription.close()
  }

  #schedule (): void {
    if (this.#closed || !this.running || this.#timer || this.#cycle) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#cycle = this.#handOn().catch(this.#options.onFailure).finally(() => {
        this.#cycle = undefined
        this.#schedule()
      })
    }, pause)
  }

  async #handOn (): Promise<void> {
    const { time, alone } = await this.horizon()
    if (time <= this.#reached) return

    const own = this.#own.filter(({ createdAt }) => createdAt < time)
    const batches = alone ? own.sort(byPlace) : await this.#withOthers(own, time)
    for (const batch of batches) await this.#deliver(batch)
    this.#own = this.#own.filter(({ createdAt }) => createdAt >= time)
    this.#kept = this.#own.reduce((sum, { logs = [] }) => sum + logs.length, 0)
    this.#reached = time
  }

  /** Before that time all is stored. Our own is taken first: an instance that is not there yet when we ask stores nothing from before it. */
  async horizon (): Promise<{ time: UtcTime, alone: boolean }> {
    const here = this.#options.oldest()
    const others = await this.#options.othersOldest()
    return { time: others !== undefined && others < here ? others : here, alone: others === undefined }
  }

  async #withOthers (own: readonly FedBatch[], horizon: UtcTime): Promise<FedBatch[]> {
    const stored = await this.#options.list({ createdAt: this.#reached, userId: -1, key: '' }, horizon)
    const logs = new Map(own.map((batch) => [`${batch.userId} ${batch.key}`, batch.logs]))
    return stored.map((batch) => ({ ...batch, logs: logs.get(`${batch.userId} ${batch.key}`) }))
  }

  async #deliver (batch: FedBatch): Promise<void> {
    const meant = [...this.#subscriptions].filter(({ userId }) => userId === undefined || userId === batch.userId)
    if (meant.length === 0) return
    const logs = batch.logs ?? await this.#options.load(batch)
    for (const subscription of meant) subscription.deliver(batch, logs)
  }
}
