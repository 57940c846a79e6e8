// Stores what was spooled: one portion at a time, in order, each in a transaction of its own under the keys that the
// batches got on arrival. It also finds out that the database is available again. Live traffic does not wait for it and
// goes straight to the database: the ids keep the order.
//
//   portion  → all stored                               → done
//            → some failed → each of them by itself     → stored
//                                                       → the database stores nothing else either: it is unavailable
//                                                       → it does: deferred, and the other batches go on
//   deferred → after a delay, with a longer timeout     → stored
//                                                       → after `maxFailures`: what still fails of it becomes dead
//                                                         letters or a file
//
// So no batch can stop the others, whatever it does to the database; and an error in the spool's own files is reported
// as one.
import { setTimeout as delay } from 'node:timers/promises'
import type { SizedBatch } from './batch.ts'
import { outcomeOf, type CommitOptions, type Outcomes } from './commit.ts'
import type { Damage } from './segment.ts'
import type { Spool } from './spool.ts'
import type { Writer } from './writer.ts'

export interface DrainOptions {
  /** The spool of this database, if there is one. Rejects while the database can't be identified. */
  spool: () => Promise<Spool | undefined>
  commit: (batches: readonly SizedBatch[], options?: CommitOptions) => Promise<Outcomes>
  /** Keeps damaged bytes of the spool as a dead letter. */
  deadLetter: (damage: Damage) => Promise<void>
  /** Rejects while the database stores nothing. */
  probe: () => Promise<void>
  /** Milliseconds within which the database must store a portion. */
  timeoutMs: number
  writer: Pick<Writer, 'isUnavailable' | 'waiting' | 'noteUnavailable' | 'noteAvailable'>
  onDrained?: (batches: readonly SizedBatch[]) => void
  /** Batches that had been drained before were missing in the database, and are stored again: this number of logs. */
  onRestored?: (logs: number) => void
  /** A file of the spool could not be read, written or removed. */
  onFault?: (error: unknown) => void
}

/** A small transaction, so that live ones wait little. */
const portionRecords = 1000
/** Interval of the check for something to drain. */
const pollMs = 500
/** Unit of the delay before a deferred batch is retried; it doubles with each failure, `maxDoublings` times at most. */
const retryMs = 1000
const maxDoublings = 6
/** A deferred batch may just be large and slow: its timeout is this many times that of a portion. */
const deferredTimeoutFactor = 4
const maxFailures = 3
/** While more batches are deferred, no further portion is begun: deferred batches are held in memory. */
const maxDeferred = 100

/** The drain stopped because of the database, not because of the spool. */
class DatabaseFailed extends Error {}

/** Stores spooled batches in the database, in the background. */
export class Drain {
  readonly #options: DrainOptions
  readonly #closing = new AbortController()
  readonly #deferred = new WeakMap<SizedBatch, { failures: number, dueAt: number }>()
  readonly #ended: Promise<void>
  /** Logs that were restored and not reported yet. */
  #restored = 0

  constructor (options: DrainOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  async close (): Promise<void> {
    this.#closing.abort()
    await this.#ended
  }

  async #run (): Promise<void> {
    const { writer, onFault } = this.#options
    while (!this.#closing.signal.aborted) {
      const started = performance.now()
      let hasDrained = false
      try {
        hasDrained = await this.#drainNext()
        if (!hasDrained && writer.isUnavailable) await this.#requireDatabase()
        writer.noteAvailable()
      } catch (error) {
        if (error instanceof DatabaseFailed) writer.noteUnavailable(error.cause)
        else onFault?.(error)
      }
      // While logs wait, they get the database for as long as the drain had it.
      const liveMs = writer.waiting.records > 0 ? performance.now() - started : 0
      await this.#sleep(hasDrained ? liveMs : pollMs)
    }
  }

  /** Drains a portion or a deferred batch; false if there is none. Throws DatabaseFailed. */
  async #drainNext (): Promise<boolean> {
    const spool = await this.#options.spool().catch((error) => { throw new DatabaseFailed('', { cause: error }) })
    if (!spool) return false
    const deferred = this.#nextDeferred(spool)
    if (deferred) return this.#retry(spool, deferred)
    if (spool.deferred.length > maxDeferred) return false
    const portion = await spool.next(portionRecords)
    if (!portion) {
      this.#reportRestored()
      return false
    }

    const { batches, damages, isAgain } = portion
    const { failed, stored } = await this.#store(batches)
    let keepsFile = false
    for (const damage of damages) if (!await this.#deadLetter(damage)) keepsFile = true
    await spool.finishPortion(failed, keepsFile)
    if (isAgain) for (const { records } of stored) this.#restored += records.length
    else this.#options.onDrained?.(batches.filter((batch) => !failed.includes(batch)))
    return true
  }

  /** `failed`: batches that fail by themselves, while the database stores others. `stored`: batches new to it. */
  async #store (batches: readonly SizedBatch[]): Promise<{ failed: SizedBatch[], stored: SizedBatch[] }> {
    const failed: SizedBatch[] = []
    const stored: SizedBatch[] = []
    const outcomes = batches.length === 0 ? new Map() : await this.#options.commit(batches)
    for (const batch of batches) {
      let outcome = outcomeOf(outcomes, batch)
      if (outcome.state === 'stored') stored.push(batch)
      if (outcome.state !== 'failed') continue
      // Before the batches are retried one by one: the usual cause is an unavailable database.
      await this.#requireDatabase(outcome.error)
      if (batches.length > 1) outcome = outcomeOf(await this.#options.commit([batch]), batch)
      if (outcome.state === 'stored') stored.push(batch)
      if (outcome.state !== 'failed') continue
      await this.#requireDatabase(outcome.error)
      failed.push(batch)
      this.#defer(batch)
    }
    return { failed, stored }
  }

  #reportRestored (): void {
    if (this.#restored > 0) this.#options.onRestored?.(this.#restored)
    this.#restored = 0
  }

  #nextDeferred (spool: Spool): SizedBatch | undefined {
    const now = performance.now()
    return spool.deferred.find((batch) => (this.#deferred.get(batch)?.dueAt ?? 0) <= now)
  }

  async #retry (spool: Spool, batch: SizedBatch): Promise<boolean> {
    const isLast = (this.#deferred.get(batch)?.failures ?? 0) >= maxFailures
    const timeoutMs = deferredTimeoutFactor * this.#options.timeoutMs
    const outcome = outcomeOf(await this.#options.commit([batch], { timeoutMs, isLast }), batch)
    if (outcome.state === 'failed') {
      await this.#requireDatabase(outcome.error)
      this.#defer(batch)
      return false
    }
    await spool.finishDeferred(batch)
    this.#options.onDrained?.([batch])
    return true
  }

  #defer (batch: SizedBatch): void {
    const failures = (this.#deferred.get(batch)?.failures ?? 0) + 1
    const delayMs = retryMs * 2 ** Math.min(failures, maxDoublings)
    this.#deferred.set(batch, { failures, dueAt: performance.now() + delayMs })
  }

  /** Throws DatabaseFailed, caused by the failure, if the database stores nothing. */
  async #requireDatabase (failure?: unknown): Promise<void> {
    try {
      await this.#options.probe()
    } catch (error) {
      throw new DatabaseFailed('', { cause: failure ?? error })
    }
  }

  /** Resolves to false if the database does not take the dead letter. */
  async #deadLetter (damage: Damage): Promise<boolean> {
    try {
      await this.#options.deadLetter(damage)
      return true
    } catch (error) {
      await this.#requireDatabase(error)
      this.#options.onFault?.(error)
      return false
    }
  }

  async #sleep (milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
  }
}
