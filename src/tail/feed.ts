// Follows the batches in the order (created_at, user_id, key) in which all instances see them:
//
//   committed by this process ─┐
//   stored by other instances ─┴→ held back until the horizon has passed them → every subscription
//
// The horizon is the start of the oldest transaction under way, here or elsewhere. No new batch should appear before
// it, so a position in the order tells exactly what a reader has received, on any instance. While this process is
// alone, its own commits are all there is, and the database is not asked.
//
// A transaction may still commit that was believed dead, or of an instance that was. Its batch is behind the feed's
// position: its logs are not delivered out of order, but counted as missed.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { UtcTime } from '../model/instant.ts'
import type { BatchPosition } from '../model/batch.ts'
import { byPosition, positionBefore } from './position.ts'
import type { Subscription, TailedLog } from './subscription.ts'

/** A batch of the feed, with its logs if they are in memory. */
export interface FedBatch extends BatchPosition {
  /** Estimated size of the logs in memory. */
  bytes?: number
  logs?: readonly TailedLog[]
}

export interface FeedOptions {
  /** Time before which every batch is stored; `alone` if only this process stores. */
  horizon: () => Promise<{ time: UtcTime, alone: boolean }>
  /** Batches of all instances after a position and before a time, in order, except the known ones. */
  list: (after: BatchPosition, before: UtcTime, known?: ReadonlySet<string>) => Promise<FedBatch[]>
  /** The number of batches after a position and before a time. */
  count: (after: BatchPosition, before: UtcTime) => Promise<number>
  /** A time before this one, between which and this one there are at most this number of batches. */
  since: (before: UtcTime, batches: number) => Promise<UtcTime>
  /** Reads the logs of a batch. */
  load: (batch: FedBatch) => Promise<readonly TailedLog[]>
  /** Called for the first failed cycle of an outage; the next cycle tries again. */
  onFailure: (error: unknown) => void
}

/** Interval between two deliveries, in milliseconds. */
const cycleMs = 100
/** Bounds of this process's logs that are kept until their delivery; others are read from the database. */
const maxKeptLogs = 50_000
const maxKeptBytes = 16_000_000
/** Logs that are delivered before readers get a turn: more at once, as after a stall, would overflow their queues. */
const logsPerTurn = 500
/** Interval at which batches that appeared behind the horizon are searched for, and how many batches back. */
const lookBackMs = 2000
const maxKnown = 10_000

/** Name of a batch, unique among all batches. */
export function nameOf ({ userId, key }: BatchPosition): string {
  return `${userId} ${key}`
}

/** Delivers batches in order to its subscriptions. */
export class Feed {
  readonly #options: FeedOptions
  readonly #subscriptions = new Set<Subscription>()
  #own: FedBatch[] = []
  #keptLogs = 0
  #keptBytes = 0
  #joining = 0
  /** Every batch up to this position is delivered. */
  #position: BatchPosition = positionBefore('')
  /** Names of the batches after `#knownAfter` that are delivered, or older than the feed; in order, with positions. */
  #known = new Map<string, BatchPosition>()
  #knownAfter: BatchPosition = positionBefore('')
  /** Batches in excess of the known ones at the last look back, all of which were examined. */
  #unmatched = 0
  #lookedBackAt = 0
  #isFailing = false
  #timer: NodeJS.Timeout | undefined
  #cycle: Promise<void> | undefined
  #closed = false

  constructor (options: FeedOptions) {
    this.#options = options
  }

  /** Whether there are subscriptions, or about to be. */
  get running (): boolean {
    return this.#subscriptions.size + this.#joining > 0
  }

  /** Delivers to the subscription the batches from the returned time on. */
  async subscribe (subscription: Subscription): Promise<UtcTime> {
    if (!this.running) {
      this.#own = []
      this.#countKept()
    }
    this.#joining++
    try {
      const { time } = await this.#options.horizon()
      // Part of the current cycle, or of one that failed, has already been delivered.
      while (this.#cycle) await this.#cycle
      if (this.#subscriptions.size === 0) await this.#begin(time)
      else if (this.#position.userId !== -1) await this.#deliverNew()
      this.#subscriptions.add(subscription)
    } finally {
      this.#joining--
    }
    this.#schedule()
    return this.#position.createdAt
  }

  unsubscribe (subscription: Subscription): void {
    this.#subscriptions.delete(subscription)
  }

  /** Adds a batch that this process stored; without logs it is read from the database. */
  add ({ logs, bytes = 0, ...position }: FedBatch): void {
    const isKept = logs !== undefined &&
      this.#keptLogs + logs.length <= maxKeptLogs && this.#keptBytes + bytes <= maxKeptBytes
    this.#own.push(isKept ? { ...position, logs, bytes } : position)
    if (!isKept) return
    this.#keptLogs += logs.length
    this.#keptBytes += bytes
  }

  #countKept (): void {
    this.#keptLogs = this.#own.reduce((sum, { logs = [] }) => sum + logs.length, 0)
    this.#keptBytes = this.#own.reduce((sum, { bytes = 0 }) => sum + bytes, 0)
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
      this.#cycle = this.#run().finally(() => {
        this.#cycle = undefined
        this.#schedule()
      })
    }, cycleMs)
  }

  async #run (): Promise<void> {
    try {
      await this.#deliverNew()
      await this.#lookBack()
      this.#isFailing = false
    } catch (error) {
      // Once per outage, not ten times a second.
      if (!this.#isFailing && !this.#closed) this.#options.onFailure(error)
      this.#isFailing = true
    }
  }

  async #begin (time: UtcTime): Promise<void> {
    this.#known.clear()
    this.#unmatched = 0
    this.#knownAfter = positionBefore(await this.#options.since(time, maxKnown))
    const before = await this.#options.list(this.#knownAfter, time)
    this.#position = positionBefore(time)
    for (const batch of before) this.#know(batch)
  }

  async #deliverNew (): Promise<void> {
    const { time, alone } = await this.#options.horizon()
    if (time <= this.#position.createdAt) return

    const own = this.#own.filter((batch) => batch.createdAt < time && byPosition(batch, this.#position) > 0)
    const batches = alone ? own.sort(byPosition) : await this.#withOthers(own, time)
    let logs = 0
    for (const batch of batches) {
      // A retried transaction may have found the key of a batch that was stored, and delivered, before.
      if (this.#known.has(nameOf(batch))) continue
      logs += await this.#deliver(batch)
      if (logs >= logsPerTurn) {
        logs = 0
        await nextTurn()
      }
      // A cycle that fails half way must not deliver a batch twice.
      this.#position = { createdAt: batch.createdAt, userId: batch.userId, key: batch.key }
      this.#know(batch)
    }
    this.#own = this.#own.filter(({ createdAt }) => createdAt >= time)
    this.#countKept()
    this.#position = positionBefore(time)
  }

  async #withOthers (own: readonly FedBatch[], horizon: UtcTime): Promise<FedBatch[]> {
    const stored = await this.#options.list(this.#position, horizon)
    const logs = new Map(own.map((batch) => [nameOf(batch), batch.logs]))
    return stored.map((batch) => ({ ...batch, logs: logs.get(nameOf(batch)) }))
  }

  /** Resolves to the number of logs; 0 where no subscription wants them. */
  async #deliver (batch: FedBatch): Promise<number> {
    const subscriptions = this.#subscriptionsOf(batch)
    if (subscriptions.length === 0) return 0
    const logs = batch.logs ?? await this.#options.load(batch)
    for (const subscription of subscriptions) subscription.deliver(batch, logs)
    return logs.length
  }

  #subscriptionsOf (batch: BatchPosition): Subscription[] {
    return [...this.#subscriptions].filter(({ userId }) => userId === undefined || userId === batch.userId)
  }

  #know ({ createdAt, userId, key }: BatchPosition): void {
    const position = { createdAt, userId, key }
    this.#known.set(nameOf(position), position)
    if (this.#known.size <= maxKnown) return
    const oldest = this.#known.values().next().value
    if (oldest === undefined) return
    this.#known.delete(nameOf(oldest))
    this.#knownAfter = oldest
  }

  /** Reports batches that appeared behind the position as missed. */
  async #lookBack (): Promise<void> {
    if (performance.now() - this.#lookedBackAt < lookBackMs) return
    this.#lookedBackAt = performance.now()
    const before = this.#position.createdAt
    const count = await this.#options.count(this.#knownAfter, before)
    if (count - this.#known.size === this.#unmatched) return
    for (const batch of await this.#options.list(this.#knownAfter, before, new Set(this.#known.keys()))) {
      const subscriptions = this.#subscriptionsOf(batch)
      if (subscriptions.length > 0) {
        const logs = await this.#options.load(batch)
        for (const subscription of subscriptions) subscription.miss(batch, logs)
      }
      this.#know(batch)
    }
    this.#unmatched = count - this.#known.size
  }
}
