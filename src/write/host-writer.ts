// Logs inside a transaction of the host app:
//
//   writeLogs → key and rows in the transaction → its COMMIT   → the logs are stored: committed
//                                               → its ROLLBACK → nothing was ever stored
//
// The transaction may be open for long, and commit after others that began later. So the batch's time is assigned
// before its rows are written and stays under way until the transaction is over: the tail, which follows the batches in
// the order of their times, waits for it. Only the database knows for certain how the transaction ended: knex resolves
// after some rollbacks, too, and an answer may be lost.
import { setTimeout as delay } from 'node:timers/promises'
import type { LogBatch, Receipt } from '../model/batch.ts'
import type { ErrorClass } from '../model/batch-store.ts'
import type { UtcTime } from '../model/instant.ts'
import { freshKey, idsOf, sizeOf, type SizedBatch } from './batch.ts'
import { lateCommitMs, type CommitClock } from './clock.ts'
import type { Committed } from './commit.ts'
import type { RecordIds } from './ids.ts'

/** Writes to the host's transactions and follows them. See `src/store/host-transaction.ts`. */
export interface HostStore<Transaction> {
  /** Throws if logs can't be stored in it. */
  requireTransaction (transaction: Transaction): void
  /** Resolves to false if the key was stored before. */
  insert (transaction: Transaction, batch: SizedBatch, createdAt: UtcTime): Promise<boolean>
  /** Resolves when the transaction is over; true if its connection was lost. */
  ended (transaction: Transaction): Promise<boolean>
  isStored (batch: SizedBatch): Promise<boolean>
  classify (error: unknown): ErrorClass
}

export interface HostWriterOptions<Transaction> {
  store: HostStore<Transaction>
  ids: RecordIds
  clock: CommitClock
  /** Called after the commit of a transaction. */
  onCommitted: (committed: Committed) => void
}

const maxAttempts = 5
/** Delay before an unavailable database is asked again whether a transaction was committed. */
const retryMs = 500

/** Stores batches in transactions of the host app. */
export class HostWriter<Transaction> {
  readonly #store: HostStore<Transaction>
  readonly #ids: RecordIds
  readonly #clock: CommitClock
  readonly #onCommitted: (committed: Committed) => void
  #isClosed = false

  constructor ({ store, ids, clock, onCommitted }: HostWriterOptions<Transaction>) {
    this.#store = store
    this.#ids = ids
    this.#clock = clock
    this.#onCommitted = onCommitted
  }

  /** Resolves once every record is in the transaction; rejects with the database's error when none is. */
  async write ({ userId, records, rejected, key = freshKey() }: LogBatch, transaction: Transaction): Promise<Receipt> {
    this.#store.requireTransaction(transaction)
    const count = idsOf({ records, rejected })
    if (count === 0) return { stored: 'database', replayed: false }
    const bytes = sizeOf({ records, rejected })
    await this.#clock.ready()
    const arrivedAt = this.#clock.arrive()
    const batch = { userId, records, rejected, key, firstId: this.#ids.reserve(count), bytes }
    const createdAt = this.#clock.begin()
    const end = () => {
      this.#clock.end(arrivedAt, false)
      this.#clock.end(createdAt, false)
    }
    const started = performance.now()
    let isStored = false
    try {
      isStored = await this.#insert(transaction, batch, createdAt)
    } finally {
      if (!isStored) end()
    }
    const seconds = (performance.now() - started) / 1000
    const committed = { batches: [batch], seconds, createdAt, lacking: 0 }
    if (isStored) this.#follow(transaction, committed).finally(end).catch(() => {})
    return { stored: 'database', replayed: !isStored }
  }

  /** Stops following transactions; those still open are left to their owner. */
  close (): void {
    this.#isClosed = true
  }

  async #insert (transaction: Transaction, batch: SizedBatch, createdAt: UtcTime): Promise<boolean> {
    for (let count = 1; ; count++) {
      try {
        return await this.#store.insert(transaction, batch, createdAt)
      } catch (error) {
        if (count === maxAttempts || this.#store.classify(error) !== 'collision') throw error
        batch.firstId = this.#ids.reserve(idsOf(batch))
      }
    }
  }

  /** Reports the batches once their transaction was committed. */
  async #follow (transaction: Transaction, committed: Committed): Promise<void> {
    const isLost = await this.#store.ended(transaction)
    if (isLost) await delay(lateCommitMs, undefined, { ref: false })
    const isStored = await Promise.all(committed.batches.map((batch) => this.#isStored(batch)))
    if (isStored.every(Boolean)) this.#onCommitted(committed)
  }

  async #isStored (batch: SizedBatch): Promise<boolean> {
    while (!this.#isClosed) {
      try {
        return await this.#store.isStored(batch)
      } catch {
        await delay(retryMs, undefined, { ref: false })
      }
    }
    return false
  }
}
