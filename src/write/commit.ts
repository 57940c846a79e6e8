// From a group of batches to durable rows.
//
//   group → one transaction of all keys and all records → STORED, or REPLAYED where the key was there
//             ↑              │ a passing fault, a lost answer: again, with fresh ids where one was taken
//             └──────────────┘ at most `attempts` times
//                            │ the database refuses it, or fails at it and stores something else meanwhile: each half by
//                            │ itself, down to the batch, which is then stored row by row  → STORED
//                            │ the database can't store anything, or is silent too long → FAILED
//
// Row by row: a record that the database does not take becomes a dead letter; what it does not even take as that is kept as a
// file. So whatever comes of the data, by whatever number the database says it, is never taken for a database that is away.
//
// The keys are in the same transaction as the records: where the answer to a COMMIT is lost, the
// next try finds them if that commit took place, and stores nothing twice. A batch that FAILED may
// be stored nevertheless; whoever keeps it to try again keeps its key.
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSlow, PieceFailed } from '../errors.ts'
import type { BatchStore } from '../model/batch-store.ts'
import type { UtcTime } from '../model/instant.ts'
import { idsOf, pieceOf, type SizedBatch } from './batch.ts'
import type { CommitClock } from './clock.ts'
import type { RecordIds } from './ids.ts'

/** What became of a batch. */
export type Outcome = { state: 'stored' | 'replayed' } | { state: 'failed', error: unknown }

export interface CommitObserver {
  /** A transaction took place that began at `createdAt`; `seconds` from the first statement to the answer; so many records of it are no logs. */
  committed? (batches: readonly SizedBatch[], seconds: number, createdAt: UtcTime, lacking: number): void
  /** A transaction failed, and is tried again. */
  retried? (): void
  /** So many records of the batch were refused by the database and are dead letters now. */
  buried? (records: number, batch: SizedBatch): void
  /** Makes durable on the disk what no table takes; rejects where it can't. */
  keep? (batch: SizedBatch): Promise<void>
}

export interface CommitOptions {
  /** Milliseconds that the database has. */
  patience?: number
  /** The batch has failed by itself again and again while others were stored: what still fails of it is kept as dead letters, or as a file. */
  isLast?: boolean
}

const attempts = 5
/** Ids that are taken again and again are not ours: a unique key of a trigger's has the same error. */
const maxCollisions = 3
/** Past so many pieces that end the transaction, all that is left of a batch goes with them. */
const maxFatalPieces = 20

/** Why a transaction failed for good. */
interface Failure {
  kind: 'data' | 'passing' | 'slow' | 'away'
  error: unknown
}

interface Run {
  signal: AbortSignal
  patience: number
  isLast: boolean
  outcomes: Map<SizedBatch, Outcome>
}

/**
 * Returns the function that stores a group within so many milliseconds, and never rejects: it resolves
 * to what became of each batch.
 */
export function committer (store: BatchStore, ids: RecordIds, clock: CommitClock, defaultPatience: number, observer: CommitObserver = {}) {
  return async function commit (batches: readonly SizedBatch[], { patience = defaultPatience, isLast = false }: CommitOptions = {}): Promise<Map<SizedBatch, Outcome>> {
    const outcomes = new Map<SizedBatch, Outcome>()
    await limited(patience, (signal) => settle(batches, { signal, patience, isLast, outcomes }))
    return outcomes
  }

  async function settle (batches: readonly SizedBatch[], run: Run): Promise<void> {
    const { outcomes, signal, isLast } = run
    const failure = await attempt(batches, run, async (first, createdAt) => {
      const known = await store.store(batches, createdAt, signal)
      // Known at a second try: the first one took place, and only its answer was lost.
      for (const batch of batches) outcomes.set(batch, { state: first && known.has(batch) ? 'replayed' : 'stored' })
      return batches.reduce((sum, batch) => sum + repeatedIn(batch, outcomes), 0)
    })
    if (failure === undefined) return
    const { kind } = failure
    if (batches.length === 1 && (kind === 'data' || (isLast && kind !== 'away'))) return settleRowByRow(batches[0]!, run)
    if (batches.length === 1 || kind === 'away' || kind === 'slow' || (kind === 'passing' && !await canStore(batches, run))) return fail(batches, failure.error, outcomes)
    const half = Math.ceil(batches.length / 2)
    await settle(batches.slice(0, half), run)
    await settle(batches.slice(half), run)
  }

  async function settleRowByRow (batch: SizedBatch, run: Run): Promise<void> {
    const { outcomes, isLast, patience } = run
    const condemned = new Map<number, string>()
    const kept = new Set<number>()
    for (let first = true; ; first = false) {
      let tried: Pick<PieceFailed, 'index' | 'as'> | undefined
      const tryOnce = (signal: AbortSignal) => attempt([batch], { ...run, signal }, async (isFirst, createdAt) => {
        tried = undefined
        const dead = await store.storeRowByRow(batch, createdAt, signal, { condemned, kept, trying: (index, as) => { tried = { index, as } } })
        outcomes.set(batch, { state: first && isFirst && dead === undefined ? 'replayed' : 'stored' })
        if (dead) observer.buried?.(dead, batch)
        return (dead ?? 0) + [...kept].filter((index) => index < batch.records.length).length + repeatedIn(batch, outcomes)
      })
      const failure = isLast ? await limited(patience, tryOnce) : await tryOnce(run.signal)
      if (failure === undefined) return
      const { kind, error } = failure
      const isOfData = kind === 'data' || (isLast && kind !== 'away' && await canStore([batch], run))
      if (!isOfData) return fail([batch], error, outcomes)

      const piece = error instanceof PieceFailed ? error : kind === 'slow' ? tried : undefined
      try {
        if (piece?.as === 'log' && !condemned.has(piece.index)) {
          condemn(batch, piece.index, store.reason(error instanceof PieceFailed ? error.cause : error), condemned)
        } else if (piece?.as === 'letter' && kept.size < maxFatalPieces) {
          await keep(pieceOf(batch, piece.index))
          kept.add(piece.index)
        } else {
          await keep(batch)
          outcomes.set(batch, { state: 'stored' })
          return
        }
      } catch {
        return fail([batch], error, outcomes)
      }
    }
  }

  async function keep (batch: SizedBatch): Promise<void> {
    if (!observer.keep) throw new Error('there is no place for what no table takes')
    await observer.keep(batch)
  }

  /** Tries until the work is done, which resolves to how many records are no logs, or fails for good; resolves to why it does. */
  async function attempt (batches: readonly SizedBatch[], run: Run, work: (first: boolean, createdAt: UtcTime) => Promise<number>): Promise<Failure | undefined> {
    const { signal, outcomes } = run
    for (let count = 1; ; count++) {
      let createdAt: UtcTime | undefined
      let mayTakePlace = true
      try {
        signal.throwIfAborted()
        await clock.ready(signal)
        createdAt = clock.begin()
        const started = performance.now()
        const lacking = await work(count === 1, createdAt)
        mayTakePlace = false
        // Not again what was stored before.
        observer.committed?.(batches.filter((batch) => outcomes.get(batch)!.state === 'stored'), (performance.now() - started) / 1000, createdAt, lacking)
        return undefined
      } catch (error) {
        if (signal.aborted) return { kind: 'slow', error }
        if (createdAt === undefined) return { kind: 'away', error }
        const errorClass = store.classify(error instanceof PieceFailed ? error.cause : error)
        // The database itself says that it stored nothing: no reader of the feed need wait for it.
        mayTakePlace = errorClass !== 'refused' && errorClass !== 'collision'
        if (errorClass === 'refused' || (errorClass === 'collision' && count >= maxCollisions)) return { kind: 'data', error }
        if (errorClass === 'away') return { kind: await canStore(batches, run) ? 'data' : 'away', error }
        if (count === attempts) return { kind: 'passing', error }
        if (errorClass === 'collision') for (const batch of batches) batch.firstId = ids.take(idsOf(batch))
        observer.retried?.()
        await delay(25 * 2 ** count * Math.random())
      } finally {
        if (createdAt !== undefined) clock.end(createdAt, mayTakePlace)
      }
    }
  }

  /** Whether the database stores something as large, which it takes back. */
  async function canStore (batches: readonly SizedBatch[], { patience }: Run): Promise<boolean> {
    try {
      await limited(patience, (signal) => store.probe(batches.reduce((sum, { bytes }) => sum + bytes, 0), signal))
      return true
    } catch {
      return false
    }
  }
}

/** Does the work, which is given up after so many milliseconds. */
async function limited<T> (patience: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new DatabaseSlow(patience)), patience)
  try {
    return await work(silence.signal)
  } finally {
    clearTimeout(timer)
  }
}

function condemn ({ records }: SizedBatch, index: number, reason: string, condemned: Map<number, string>): void {
  condemned.set(index, reason)
  if (condemned.size > maxFatalPieces) for (const other of records.keys()) if (!condemned.has(other)) condemned.set(other, reason)
}

/** How many records of a batch were left out when it was stored. */
function repeatedIn (batch: SizedBatch, outcomes: ReadonlyMap<SizedBatch, Outcome>): number {
  return outcomes.get(batch)?.state === 'stored' ? batch.repeated ?? 0 : 0
}

function fail (batches: readonly SizedBatch[], error: unknown, outcomes: Map<SizedBatch, Outcome>): void {
  for (const batch of batches) outcomes.set(batch, { state: 'failed', error: error instanceof PieceFailed ? error.cause : error })
}
