// The way home of what was spooled: one portion at a time, in order, each in a transaction of its
// own under the keys that the batches were given when they came. It also finds out that the
// database is back. Live traffic goes past it, straight to the database: the ids keep the order.
//
//   portion → all stored                                → done
//           → some failed → each of them by itself       → stored
//                                                        → the database stores nothing else either: it is away
//                                                        → it does: put off, and the others go on
//   put off → after a while, with more time, by itself   → stored
//                                                        → `maxFailures` times: what fails of it becomes dead letters or a file
//
// So nothing that one batch does to the database stops the others, and a fault of the spool's own files is told as that.
import { setTimeout as delay } from 'node:timers/promises'
import type { SizedBatch } from './batch.ts'
import type { CommitOptions, Outcome } from './commit.ts'
import type { Damage } from './segment.ts'
import type { Spool } from './spool.ts'
import type { Writer } from './writer.ts'

export interface DrainOptions {
  /** The spool, where there is one whose logs belong into this database. Rejects while the database can't say so. */
  spool: () => Promise<Spool | undefined>
  commit: (batches: readonly SizedBatch[], options?: CommitOptions) => Promise<Map<SizedBatch, Outcome>>
  /** Keeps what could not be read any more, where somebody finds it. */
  bury: (damage: Damage) => Promise<void>
  /** Rejects while the database stores nothing. */
  probe: () => Promise<void>
  /** How long the database has for a portion, in milliseconds. */
  patience: number
  writer: Pick<Writer, 'away' | 'waiting' | 'databaseLeft' | 'databaseIsBack'>
  onDrained?: (batches: readonly SizedBatch[]) => void
  /** A file of the spool could not be read, written or removed. */
  onFault?: (error: unknown) => void
}

/** A transaction of the drain is small, so that live ones between wait little. */
const portionRecords = 1000
/** How often is looked whether there is something to do, in milliseconds. */
const pause = 500
/** A batch that was put off is tried again after so many milliseconds, then after twice as many, and so on. */
const putOffMs = 1000
/** With so many times as much time as a portion has: a large batch may just be slow. */
const morePatience = 4
const maxFailures = 3
/** While more are put off, no further portion is begun: they are in memory. */
const maxPutOff = 100

/** The database, and not the spool, is why the drain can't go on. */
class DatabaseFailed extends Error {}

export class Drain {
  readonly #options: DrainOptions
  readonly #closing = new AbortController()
  readonly #putOff = new WeakMap<SizedBatch, { failures: number, dueAt: number }>()
  readonly #ended: Promise<void>

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
      let cameHome = false
      try {
        cameHome = await this.#bringHome()
        if (!cameHome && writer.away) await this.#ask()
        writer.databaseIsBack()
      } catch (error) {
        if (error instanceof DatabaseFailed) writer.databaseLeft(error.cause)
        else onFault?.(error)
      }
      // While logs wait, they have the database for as long as the drain had it.
      const busy = cameHome && writer.waiting.records > 0
      await this.#sleep(cameHome ? busy ? performance.now() - started : 0 : pause)
    }
  }

  /** One portion, or one batch that was put off. False when there is none; throws DatabaseFailed while the database does not take it. */
  async #bringHome (): Promise<boolean> {
    const spool = await this.#options.spool().catch((error) => { throw new DatabaseFailed('', { cause: error }) })
    if (!spool) return false
    const putOff = this.#nextPutOff(spool)
    if (putOff) return this.#tryAgain(spool, putOff)
    if (spool.later.length > maxPutOff) return false
    const portion = await spool.next(portionRecords)
    if (!portion) return false

    const { batches, damages } = portion
    const failed = await this.#store(batches)
    let keepsFile = false
    for (const damage of damages) if (!await this.#bury(damage)) keepsFile = true
    await spool.done(failed, keepsFile)
    this.#options.onDrained?.(batches.filter((batch) => !failed.includes(batch)))
    return true
  }

  /** Resolves to those of the batches that fail by themselves, while others do not. */
  async #store (batches: readonly SizedBatch[]): Promise<SizedBatch[]> {
    if (batches.length === 0) return []
    const outcomes = await this.#options.commit(batches)
    const failed: SizedBatch[] = []
    for (const batch of batches) {
      let outcome = outcomes.get(batch)!
      if (outcome.state !== 'failed') continue
      // Before the others are tried one by one: most often it is simply away.
      await this.#ask(outcome.error)
      if (batches.length > 1) outcome = (await this.#options.commit([batch])).get(batch)!
      if (outcome.state !== 'failed') continue
      await this.#ask(outcome.error)
      failed.push(batch)
      this.#postpone(batch)
    }
    return failed
  }

  #nextPutOff (spool: Spool): SizedBatch | undefined {
    const now = performance.now()
    return spool.later.find((batch) => (this.#putOff.get(batch)?.dueAt ?? 0) <= now)
  }

  async #tryAgain (spool: Spool, batch: SizedBatch): Promise<boolean> {
    const isLast = (this.#putOff.get(batch)?.failures ?? 0) >= maxFailures
    const outcome = (await this.#options.commit([batch], { patience: morePatience * this.#options.patience, isLast })).get(batch)!
    if (outcome.state === 'failed') {
      await this.#ask(outcome.error)
      this.#postpone(batch)
      return false
    }
    await spool.doneLater(batch)
    this.#options.onDrained?.([batch])
    return true
  }

  #postpone (batch: SizedBatch): void {
    const failures = (this.#putOff.get(batch)?.failures ?? 0) + 1
    this.#putOff.set(batch, { failures, dueAt: performance.now() + putOffMs * 2 ** Math.min(failures, 6) })
  }

  /** Throws DatabaseFailed, because of the failure, if the database stores nothing. */
  async #ask (failure?: unknown): Promise<void> {
    try {
      await this.#options.probe()
    } catch (error) {
      throw new DatabaseFailed('', { cause: failure ?? error })
    }
  }

  /** False where the database does not even take the dead letter. */
  async #bury (damage: Damage): Promise<boolean> {
    try {
      await this.#options.bury(damage)
      return true
    } catch (error) {
      await this.#ask(error)
      this.#options.onFault?.(error)
      return false
    }
  }

  async #sleep (milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
  }
}
