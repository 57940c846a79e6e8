// From a batch to one durable commit.
//
//   given → (key fixed) → try: one transaction of the key and all records → STORED
//                          ↑ fresh ids            │ a passing fault, a lost answer
//                          └──────────────────────┘ at most `attempts` times, then FAILED
//
// The key goes into the same transaction as the records: where the answer to a COMMIT is lost,
// the next try finds the key if that commit took place, and stores nothing twice.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogBatch } from '../record.ts'
import { RecordIds } from './ids.ts'

/** A batch with all that makes a second try of it safe. */
export interface KeyedBatch extends LogBatch {
  /** 16 bytes that no other batch of the user has. */
  key: Buffer
  /** The first record's id; the others follow it in order. */
  firstId: bigint
}

/** Where batches are stored, and which of its errors may be gone at the next try. */
export interface BatchStore {
  /** One transaction: all the records or none; none when the key is stored already. */
  insert (batch: KeyedBatch): Promise<void>
  isTransient (error: unknown): boolean
}

const attempts = 5

/** Returns the function that stores one batch: it resolves when every record is durable, and rejects when none is. */
export function committer (store: BatchStore): (batch: LogBatch) => Promise<void> {
  const ids = new RecordIds()

  return async function commit (batch) {
    if (batch.records.length === 0) return
    const key = randomBytes(16)
    for (let attempt = 1; ; attempt++) {
      try {
        return await store.insert({ ...batch, key, firstId: ids.take(batch.records.length) })
      } catch (error) {
        if (attempt === attempts || !store.isTransient(error)) throw error
        await delay(25 * 2 ** attempt * Math.random())
      }
    }
  }
}
