// Logs inside a transaction of the host app's own:
//
//   writeLogs → key and rows in the transaction → its COMMIT   → they are there: committed
//                                               → its ROLLBACK → nothing was ever there
//
// It may be open for long, and commit after others that began later. So the batch's time is taken
// before its rows are written and kept under way until the transaction is over: the tail, which
// follows the batches in the order of their times, waits for it. How it ended, the database alone
// knows for certain: knex resolves after some rollbacks, too, and an answer may be lost.
import { setTimeout as delay } from 'node:timers/promises'
import type { LogBatch, Receipt } from '../model/batch.ts'
import type { ErrorClass } from '../model/batch-store.ts'
import type { UtcTime } from '../model/instant.ts'
import { freshKey, idsOf, sizeOf, type SizedBatch } from './batch.ts'
import { doubt, type CommitClock } from './clock.ts'
import type { RecordIds } from './ids.ts'

/** How the host's transactions are written to, and followed. See `src/store/host-transaction.ts`. */
export interface HostStore<Transaction> {
  /** Resolves to false where the key was stored before. */
  insert (transaction: Transaction, batch: SizedBatch, createdAt: UtcTime): Promise<boolean>
  /** Resolves when it is over, to whether its connection was lost. */
  ended (transaction: Transaction): Promise<boolean>
  isStored (batch: SizedBatch): Promise<boolean>
  classify (error: unknown): ErrorClass
}

const attempts = 5
/** A database that does not say how a transaction ended is asked again after so many milliseconds. */
const pause = 500

export class HostWriter<Transaction> {
  readonly #store: HostStore<Transaction>
  readonly #ids: RecordIds
  readonly #clock: CommitClock
  readonly #committed: (batches: readonly SizedBatch[], seconds: number, createdAt: UtcTime) => void
  #closed = false

  /** `committed` is called after the commit of a transaction, with the seconds that its logs took. */
  constructor (store: HostStore<Transaction>, ids: RecordIds, clock: CommitClock, committed: (batches: readonly SizedBatch[], seconds: number, createdAt: UtcTime) => void) {
    this.#store = store
    this.#ids = ids
    this.#clock = clock
    this.#committed = committed
  }

  /** Resolves once every record is in the transaction; rejects when none is, with what the database says. */
  async write ({ userId, records, rejected, key = freshKey() }: LogBatch, transaction: Transaction): Promise<Receipt> {
    const count = idsOf({ records, rejected })
    if (count === 0) return { stored: 'database', replayed: false }
    const batch = { userId, records, rejected, key, firstId: this.#ids.take(count), bytes: sizeOf({ records, rejected }) }
    await this.#clock.ready()
    const createdAt = this.#clock.begin()
    const started = performance.now()
    let stored = false
    try {
      stored = await this.#insert(transaction, batch, createdAt)
    } finally {
      if (!stored) this.#clock.end(createdAt, false)
    }
    if (stored) this.#follow(transaction, batch, createdAt, (performance.now() - started) / 1000)
    return { stored: 'database', replayed: !stored }
  }

  /** Whoever's transaction is open still ends it alone. */
  close (): void {
    this.#closed = true
  }

  async #insert (transaction: Transaction, batch: SizedBatch, createdAt: UtcTime): Promise<boolean> {
    for (let count = 1; ; count++) {
      try {
        return await this.#store.insert(transaction, batch, createdAt)
      } catch (error) {
        if (count === attempts || this.#store.classify(error) !== 'collision') throw error
        batch.firstId = this.#ids.take(idsOf(batch))
      }
    }
  }

  async #follow (transaction: Transaction, batch: SizedBatch, createdAt: UtcTime, seconds: number): Promise<void> {
    const lost = await this.#store.ended(transaction)
    if (lost) await delay(doubt, undefined, { ref: false })
    if (await this.#tookPlace(batch)) this.#committed([batch], seconds, createdAt)
    this.#clock.end(createdAt, false)
  }

  async #tookPlace (batch: SizedBatch): Promise<boolean> {
    while (!this.#closed) {
      try {
        return await this.#store.isStored(batch)
      } catch {
        await delay(pause, undefined, { ref: false })
      }
    }
    return false
  }
}
