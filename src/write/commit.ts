// From a group of batches to durable rows.
//
//   group → one transaction of all keys and all records → STORED, or REPLAYED where the key was there
//             ↑              │ a passing fault, a lost answer: again, with fresh ids where one was taken
//             └──────────────┘ at most `attempts` times
//                            │ a record that the database refuses: each half by itself, down to the
//                            │ batch, which is then stored sparing its neighbours  → STORED
//                            │ the database can't store for now, or is silent too long → FAILED
//
// The keys are in the same transaction as the records: where the answer to a COMMIT is lost, the
// next try finds them if that commit took place, and stores nothing twice. A batch that FAILED may
// be stored nevertheless; whoever keeps it to try again keeps its key.
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSlow } from '../errors.ts'
import type { KeyedBatch } from './batch.ts'
import type { RecordIds } from './ids.ts'

/** Where batches are stored, and what its errors mean. See LogStore of `src/store`. */
export interface BatchStore {
  store (batches: readonly KeyedBatch[], signal: AbortSignal): Promise<ReadonlySet<KeyedBatch>>
  storeSparing (batch: KeyedBatch): Promise<number | undefined>
  verdict (error: unknown): 'collision' | 'passing' | 'refused' | 'away'
}

/** What became of a batch. */
export type Outcome = { state: 'stored' | 'replayed' } | { state: 'failed', error: unknown }

export interface CommitObserver {
  /** A transaction took place; `seconds` from the first statement to the answer. */
  committed? (batches: readonly KeyedBatch[], seconds: number): void
  /** A transaction failed, and is tried again. */
  retried? (): void
  /** So many records were refused by the database and are dead letters now. */
  buried? (records: number): void
}

const attempts = 5

/** Returns the function that stores a group, and never rejects: it resolves to what became of each batch. `patience` is in milliseconds. */
export function committer (store: BatchStore, ids: RecordIds, patience: number, observer: CommitObserver = {}) {
  return async function commit (batches: readonly KeyedBatch[]): Promise<Map<KeyedBatch, Outcome>> {
    const outcomes = new Map<KeyedBatch, Outcome>()
    await settle(batches, outcomes)
    return outcomes
  }

  async function settle (batches: readonly KeyedBatch[], outcomes: Map<KeyedBatch, Outcome>): Promise<void> {
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(new DatabaseSlow(patience)), patience)
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const started = performance.now()
          const known = await store.store(batches, silence.signal)
          observer.committed?.(batches, (performance.now() - started) / 1000)
          // Known at a second try: the first one took place, and only its answer was lost.
          for (const batch of batches) outcomes.set(batch, { state: attempt === 1 && known.has(batch) ? 'replayed' : 'stored' })
          return
        } catch (error) {
          const verdict = silence.signal.aborted ? 'away' : store.verdict(error)
          if (verdict === 'refused') break
          if (verdict === 'away' || attempt === attempts) return fail(batches, error, outcomes)
          if (verdict === 'collision') for (const batch of batches) batch.firstId = ids.take(batch.records.length)
          observer.retried?.()
          await delay(25 * 2 ** attempt * Math.random())
        }
      }
    } finally {
      clearTimeout(timer)
    }

    if (batches.length === 1) return settleSparing(batches[0]!, outcomes)
    const half = Math.ceil(batches.length / 2)
    await settle(batches.slice(0, half), outcomes)
    await settle(batches.slice(half), outcomes)
  }

  async function settleSparing (batch: KeyedBatch, outcomes: Map<KeyedBatch, Outcome>): Promise<void> {
    try {
      const started = performance.now()
      const dead = await store.storeSparing(batch)
      observer.committed?.([batch], (performance.now() - started) / 1000)
      observer.buried?.(dead ?? 0)
      outcomes.set(batch, { state: dead === undefined ? 'replayed' : 'stored' })
    } catch (error) {
      fail([batch], error, outcomes)
    }
  }
}

function fail (batches: readonly KeyedBatch[], error: unknown, outcomes: Map<KeyedBatch, Outcome>): void {
  for (const batch of batches) outcomes.set(batch, { state: 'failed', error })
}
