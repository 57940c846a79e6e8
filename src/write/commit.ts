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
import type { UtcTime } from '../record.ts'
import { idsOf, type KeyedBatch } from './batch.ts'
import type { CommitClock } from './clock.ts'
import type { RecordIds } from './ids.ts'

/** Where batches are stored, and what its errors mean. See LogStore of `src/store`. */
export interface BatchStore {
  store (batches: readonly KeyedBatch[], createdAt: UtcTime, signal: AbortSignal): Promise<ReadonlySet<KeyedBatch>>
  storeSparing (batch: KeyedBatch, createdAt: UtcTime, signal: AbortSignal): Promise<number | undefined>
  verdict (error: unknown): 'collision' | 'passing' | 'refused' | 'away'
}

/** What became of a batch. */
export type Outcome = { state: 'stored' | 'replayed' } | { state: 'failed', error: unknown }

export interface CommitObserver {
  /** A transaction took place that began at `createdAt`; `seconds` from the first statement to the answer. */
  committed? (batches: readonly KeyedBatch[], seconds: number, createdAt: UtcTime): void
  /** A transaction failed, and is tried again. */
  retried? (): void
  /** So many records were refused by the database and are dead letters now. */
  buried? (records: number): void
}

const attempts = 5

/**
 * Returns the function that stores a group within so many milliseconds, and never rejects: it resolves
 * to what became of each batch.
 */
export function committer (store: BatchStore, ids: RecordIds, clock: CommitClock, patience: number, observer: CommitObserver = {}) {
  return async function commit (batches: readonly KeyedBatch[]): Promise<Map<KeyedBatch, Outcome>> {
    const outcomes = new Map<KeyedBatch, Outcome>()
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(new DatabaseSlow(patience)), patience)
    try {
      await settle(batches, outcomes, silence.signal)
    } finally {
      clearTimeout(timer)
    }
    return outcomes
  }

  async function settle (batches: readonly KeyedBatch[], outcomes: Map<KeyedBatch, Outcome>, signal: AbortSignal): Promise<void> {
    const refused = await attempt(batches, outcomes, signal, async (first, createdAt) => {
      const known = await store.store(batches, createdAt, signal)
      // Known at a second try: the first one took place, and only its answer was lost.
      for (const batch of batches) outcomes.set(batch, { state: first && known.has(batch) ? 'replayed' : 'stored' })
    })
    if (!refused) return
    if (batches.length === 1) return settleSparing(batches[0]!, outcomes, signal)
    const half = Math.ceil(batches.length / 2)
    await settle(batches.slice(0, half), outcomes, signal)
    await settle(batches.slice(half), outcomes, signal)
  }

  async function settleSparing (batch: KeyedBatch, outcomes: Map<KeyedBatch, Outcome>, signal: AbortSignal): Promise<void> {
    const refused = await attempt([batch], outcomes, signal, async (first, createdAt) => {
      const dead = await store.storeSparing(batch, createdAt, signal)
      outcomes.set(batch, { state: first && dead === undefined ? 'replayed' : 'stored' })
      if (dead) observer.buried?.(dead)
    })
    if (refused) fail([batch], new Error('the database refuses the dead letter'), outcomes)
  }

  /** Tries until the work is done, or fails for good. Resolves to whether it was refused as data. */
  async function attempt (batches: readonly KeyedBatch[], outcomes: Map<KeyedBatch, Outcome>, signal: AbortSignal, work: (first: boolean, createdAt: UtcTime) => Promise<void>): Promise<boolean> {
    for (let count = 1; ; count++) {
      let createdAt: UtcTime | undefined
      let failed = true
      try {
        signal.throwIfAborted()
        await clock.ready(signal)
        createdAt = clock.begin()
        const started = performance.now()
        await work(count === 1, createdAt)
        failed = false
        // Not again what was stored before.
        observer.committed?.(batches.filter((batch) => outcomes.get(batch)!.state === 'stored'), (performance.now() - started) / 1000, createdAt)
        return false
      } catch (error) {
        const verdict = signal.aborted ? 'away' : store.verdict(error)
        if (verdict === 'refused') return true
        if (verdict === 'away' || count === attempts) {
          fail(batches, error, outcomes)
          return false
        }
        if (verdict === 'collision') for (const batch of batches) batch.firstId = ids.take(idsOf(batch))
        observer.retried?.()
        await delay(25 * 2 ** count * Math.random())
      } finally {
        if (createdAt !== undefined) clock.end(createdAt, failed)
      }
    }
  }
}

function fail (batches: readonly KeyedBatch[], error: unknown, outcomes: Map<KeyedBatch, Outcome>): void {
  for (const batch of batches) outcomes.set(batch, { state: 'failed', error })
}
