// Follows the batches in the order (created_at, user_id, key) in which all instances see them:
//
//   committed by this process ─┐
//   stored by other instances ─┴→ held back until the horizon is past them → every subscription
//
// The horizon is the oldest transaction under way, here or elsewhere: before it nothing new should
// appear, so a place in the order tells exactly what a reader has seen, on whatever instance. While
// this process is alone, what it committed is all there is, and the database is not asked.
//
// A transaction can take place all the same that was believed dead, or of an instance that was. Such a batch
// is behind the place that the feed has come to: its logs are not handed on out of order, but told as missed.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import type { BatchPosition } from '../model/batch.ts'
import { byPosition, positionBefore } from './position.ts'
import type { Subscription } from './subscription.ts'

/** A batch of the feed, with its logs where they are at hand. */
export interface FedBatch extends BatchPosition {
  /** About how many bytes the logs take that are at hand. */
  bytes?: number
  logs?: ReadonlyArray<LogRecord & { id: string }>
}

export interface FeedOptions {
  /** Before that time all is stored, as of now; `alone` where this process stored all of it since it can say so. */
  horizon: () => Promise<{ time: UtcTime, alone: boolean }>
  /** What all instances stored after a place and before a time, in order; those alone that are not among the known, where these are given. */
  list: (after: BatchPosition, before: UtcTime, known?: ReadonlySet<string>) => Promise<FedBatch[]>
  /** How many that are. */
  count: (after: BatchPosition, before: UtcTime) => Promise<number>
  /** A time before this one, after which there are no more batches until this one than so many. */
  since: (before: UtcTime, batches: number) => Promise<UtcTime>
  /** The logs of a batch. */
  load: (batch: FedBatch) => Promise<ReadonlyArray<LogRecord & { id: string }>>
  /** A cycle failed after others that did not; the next one tries again. */
  onFailure: (error: unknown) => void
}

/** How often what is new is handed on, in milliseconds. */
const pause = 100
/** Logs of this process that are kept until then, by number and bytes; past that they are read again. */
const maxKeptLogs = 50_000
const maxKeptBytes = 16_000_000
/** Logs that are handed on before readers get a turn: what comes all at once after a stall would not fit what waits for a reader. */
const logsPerTurn = 500
/** How often there is a look at what has appeared behind the horizon, in milliseconds; and how far back, in batches. */
const lookBackMs = 2000
const mostKnown = 10_000

/** A batch, in one word. */
export function nameOf ({ userId, key }: BatchPosition): string {
  return `${userId} ${key}`
}

export class Feed {
  readonly #options: FeedOptions
  readonly #subscriptions = new Set<Subscription>()
  #own: FedBatch[] = []
  #keptLogs = 0
  #keptBytes = 0
  #joining = 0
  /** Everything up to there was handed on. */
  #place: BatchPosition = positionBefore('')
  /** The names of what was handed on, or was there before, after `#knownAfter`: in order, with their places. */
  #known = new Map<string, BatchPosition>()
  #knownAfter: BatchPosition = positionBefore('')
  /** How many batches there were more than known at the last look back, all of which were looked at. */
  #unmatched = 0
  #lookedBackAt = 0
  #isFailing = false
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
      this.#countKept()
    }
    this.#joining++
    try {
      const { time } = await this.#options.horizon()
      // Of a cycle under way a part was handed on already, and so of one that failed.
      while (this.#cycle) await this.#cycle
      if (this.#subscriptions.size === 0) await this.#begin(time)
      else if (this.#place.userId !== -1) await this.#handOn()
      this.#subscriptions.add(subscription)
    } finally {
      this.#joining--
    }
    this.#schedule()
    return this.#place.createdAt
  }

  unsubscribe (subscription: Subscription): void {
    this.#subscriptions.delete(subscription)
  }

  /** This process stored a batch; without logs it is read again. */
  add ({ logs, bytes = 0, ...place }: FedBatch): void {
    const isKept = logs !== undefined && this.#keptLogs + logs.length <= maxKeptLogs && this.#keptBytes + bytes <= maxKeptBytes
    this.#own.push(isKept ? { ...place, logs, bytes } : place)
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
    }, pause)
  }

  async #run (): Promise<void> {
    try {
      await this.#handOn()
      await this.#lookBack()
      this.#isFailing = false
    } catch (error) {
      // Once an outage, not ten times a second.
      if (!this.#isFailing && !this.#closed) this.#options.onFailure(error)
      this.#isFailing = true
    }
  }

  async #begin (time: UtcTime): Promise<void> {
    this.#known.clear()
    this.#unmatched = 0
    this.#knownAfter = positionBefore(await this.#options.since(time, mostKnown))
    const before = await this.#options.list(this.#knownAfter, time)
    this.#place = positionBefore(time)
    for (const batch of before) this.#know(batch)
  }

  async #handOn (): Promise<void> {
    const { time, alone } = await this.#options.horizon()
    if (time <= this.#place.createdAt) return

    const own = this.#own.filter((batch) => batch.createdAt < time && byPosition(batch, this.#place) > 0)
    const batches = alone ? own.sort(byPosition) : await this.#withOthers(own, time)
    let logs = 0
    for (const batch of batches) {
      // A transaction that was tried again may have found the key of a batch that was stored, and handed on, before.
      if (this.#known.has(nameOf(batch))) continue
      logs += await this.#deliver(batch)
      if (logs >= logsPerTurn) {
        logs = 0
        await nextTurn()
      }
      // A cycle that fails half way must not hand on again what it did.
      this.#place = { createdAt: batch.createdAt, userId: batch.userId, key: batch.key }
      this.#know(batch)
    }
    this.#own = this.#own.filter(({ createdAt }) => createdAt >= time)
    this.#countKept()
    this.#place = positionBefore(time)
  }

  async #withOthers (own: readonly FedBatch[], horizon: UtcTime): Promise<FedBatch[]> {
    const stored = await this.#options.list(this.#place, horizon)
    const logs = new Map(own.map((batch) => [nameOf(batch), batch.logs]))
    return stored.map((batch) => ({ ...batch, logs: logs.get(nameOf(batch)) }))
  }

  /** Resolves to how many logs it has, where anybody asks for them. */
  async #deliver (batch: FedBatch): Promise<number> {
    const meant = this.#meant(batch)
    if (meant.length === 0) return 0
    const logs = batch.logs ?? await this.#options.load(batch)
    for (const subscription of meant) subscription.deliver(batch, logs)
    return logs.length
  }

  #meant (batch: BatchPosition): Subscription[] {
    return [...this.#subscriptions].filter(({ userId }) => userId === undefined || userId === batch.userId)
  }

  #know ({ createdAt, userId, key }: BatchPosition): void {
    const place = { createdAt, userId, key }
    this.#known.set(nameOf(place), place)
    if (this.#known.size <= mostKnown) return
    const [name, oldest] = this.#known.entries().next().value!
    this.#known.delete(name)
    this.#knownAfter = oldest
  }

  /** Tells of what has appeared behind the place that was reached. */
  async #lookBack (): Promise<void> {
    if (performance.now() - this.#lookedBackAt < lookBackMs) return
    this.#lookedBackAt = performance.now()
    const before = this.#place.createdAt
    const count = await this.#options.count(this.#knownAfter, before)
    if (count - this.#known.size === this.#unmatched) return
    for (const batch of await this.#options.list(this.#knownAfter, before, new Set(this.#known.keys()))) {
      const meant = this.#meant(batch)
      if (meant.length > 0) {
        const logs = await this.#options.load(batch)
        for (const subscription of meant) subscription.miss(batch, logs)
      }
      this.#know(batch)
    }
    this.#unmatched = count - this.#known.size
  }
}
