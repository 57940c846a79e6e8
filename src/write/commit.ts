// From a group of batches to durable rows.
//
//   group → one transaction of all keys and all records → STORED, or REPLAYED if the key was stored before
//             ↑              │ a passing fault, a lost answer: retry, with fresh ids after a collision
//             └──────────────┘ at most `maxAttempts` times
//                            │ the database refuses it, or fails at it and stores something else: each half by
//                            │ itself, down to a single batch, which is then stored row by row  → STORED
//                            │ the database can't store anything, or does not answer in time → FAILED
//
// Row by row: a record that the database refuses becomes a dead letter; a piece that it refuses even as a dead letter
// is kept as a file. So bad data, whatever error number it causes, is never mistaken for an unavailable database.
//
// The keys are in the same transaction as the records: if the answer to a COMMIT is lost, the retry finds them if that
// commit succeeded, and stores nothing twice. A FAILED batch may be stored all the same: a caller that keeps it for a
// retry keeps its key.
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSlow, PieceFailed } from '../errors.ts'
import type { BatchStore } from '../model/batch-store.ts'
import type { UtcTime } from '../model/instant.ts'
import { idsOf, pieceOf, type SizedBatch } from './batch.ts'
import type { CommitClock } from './clock.ts'
import type { RecordIds } from './ids.ts'

/** What happened to a batch. */
export type Outcome = { state: 'stored' | 'replayed' } | { state: 'failed', error: unknown }

export type Outcomes = ReadonlyMap<SizedBatch, Outcome>

/** A committed transaction of the logs. */
export interface Committed {
  batches: readonly SizedBatch[]
  /** From the first statement to the answer. */
  seconds: number
  /** When the transaction began, by the commit clock. */
  createdAt: UtcTime
  /** Records of the batches that did not become logs: dead letters, files and repetitions. */
  lacking: number
}

export interface CommitObserver {
  committed? (committed: Committed): void
  /** A transaction failed and is retried. */
  retried? (): void
  /** The database refused this number of the batch's records; they are dead letters now. */
  deadLettered? (records: number, batch: SizedBatch): void
  /** Keeps on disk a piece that no table takes; rejects if that fails. */
  keep? (batch: SizedBatch): Promise<void>
}

export interface CommitterOptions {
  store: BatchStore
  ids: RecordIds
  clock: CommitClock
  /** Milliseconds within which the database must store a group. */
  timeoutMs: number
  observer?: CommitObserver
}

export interface CommitOptions {
  /** Overrides the committer's timeout. */
  timeoutMs?: number
  /**
   * The batch has failed repeatedly while others were stored: pieces of it that still fail are kept as dead letters or
   * files.
   */
  isLast?: boolean
}

const maxAttempts = 5
/** More collisions are not about our ids: a unique key of a trigger has the same error. */
const maxCollisions = 3
/** After this many pieces that end the transaction, the rest of the batch is given up with them. */
const maxFatalPieces = 20
/** Delay before the first retry, at most; it doubles with each. */
const maxFirstRetryMs = 50

/** Why a transaction failed for good. */
interface Failure {
  kind: 'data' | 'passing' | 'slow' | 'unavailable'
  error: unknown
}

/** One call of `commit`. */
interface Run {
  signal: AbortSignal
  timeoutMs: number
  isLast: boolean
  outcomes: Map<SizedBatch, Outcome>
}

/** What a batch that is stored row by row has lost so far, by the index of the piece. */
interface Losses {
  /** Why records become dead letters without being tried. */
  condemned: Map<number, string>
  /** Pieces that were kept as files. */
  kept: Set<number>
}

/** Stores rows and resolves to the number of records that did not become logs. */
type Work = (isFirst: boolean, createdAt: UtcTime, signal: AbortSignal) => Promise<number>

/** Stores groups of batches. */
export class Committer {
  readonly #store: BatchStore
  readonly #ids: RecordIds
  readonly #clock: CommitClock
  readonly #timeoutMs: number
  readonly #observer: CommitObserver

  constructor ({ store, ids, clock, timeoutMs, observer = {} }: CommitterOptions) {
    this.#store = store
    this.#ids = ids
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#observer = observer
  }

  /** Stores a group within the timeout; never rejects: resolves to the outcome of each batch. */
  async commit (batches: readonly SizedBatch[], options: CommitOptions = {}): Promise<Outcomes> {
    const { timeoutMs = this.#timeoutMs, isLast = false } = options
    const outcomes = new Map<SizedBatch, Outcome>()
    await limited(timeoutMs, (signal) => this.#settle(batches, { signal, timeoutMs, isLast, outcomes }))
    return outcomes
  }

  async #settle (batches: readonly SizedBatch[], run: Run): Promise<void> {
    const { outcomes, isLast } = run
    const failure = await this.#attempt(batches, run, async (isFirst, createdAt, signal) => {
      const known = await this.#store.store(batches, createdAt, signal)
      // Known at a retry: an earlier attempt was committed, and only its answer was lost.
      for (const batch of batches) outcomes.set(batch, { state: isFirst && known.has(batch) ? 'replayed' : 'stored' })
      return batches.reduce((sum, batch) => sum + repeatedIn(batch, outcomes), 0)
    })
    if (failure === undefined) return
    const { kind, error } = failure
    const [only] = batches
    if (only && batches.length === 1) {
      if (kind === 'data' || (isLast && kind !== 'unavailable')) return this.#settleRowByRow(only, run)
      return fail(batches, error, outcomes)
    }
    const isOfData = kind === 'data' || (kind === 'passing' && await this.#canStore(batches, run))
    if (!isOfData) return fail(batches, error, outcomes)
    const half = Math.ceil(batches.length / 2)
    await this.#settle(batches.slice(0, half), run)
    await this.#settle(batches.slice(half), run)
  }

  async #settleRowByRow (batch: SizedBatch, run: Run): Promise<void> {
    const { outcomes, isLast, timeoutMs } = run
    const losses: Losses = { condemned: new Map(), kept: new Set() }
    for (let isFirstPass = true; ; isFirstPass = false) {
      let tried: Pick<PieceFailed, 'index' | 'as'> | undefined
      const work: Work = async (isFirst, createdAt, signal) => {
        tried = undefined
        const pieces = { ...losses, trying: (index: number, as: 'log' | 'letter') => { tried = { index, as } } }
        const deadLetters = await this.#store.storeRowByRow(batch, createdAt, signal, pieces)
        outcomes.set(batch, { state: isFirstPass && isFirst && deadLetters === undefined ? 'replayed' : 'stored' })
        if (deadLetters) this.#observer.deadLettered?.(deadLetters, batch)
        const keptLogs = [...losses.kept].filter((index) => index < batch.records.length).length
        return (deadLetters ?? 0) + keptLogs + repeatedIn(batch, outcomes)
      }
      const attempt = (signal: AbortSignal) => this.#attempt([batch], { ...run, signal }, work)
      const failure = isLast ? await limited(timeoutMs, attempt) : await attempt(run.signal)
      if (failure === undefined) return
      const { kind, error } = failure
      const isOfData = kind === 'data' || (isLast && kind !== 'unavailable' && await this.#canStore([batch], run))
      if (!isOfData) return fail([batch], error, outcomes)

      const piece = error instanceof PieceFailed ? error : kind === 'slow' ? tried : undefined
      try {
        if (await this.#giveUp(batch, piece, error, losses) === 'batch') {
          outcomes.set(batch, { state: 'stored' })
          return
        }
      } catch {
        return fail([batch], error, outcomes)
      }
    }
  }

  /** Gives up the piece that failed, or the whole batch; rejects if the disk does not take it either. */
  async #giveUp (
    batch: SizedBatch, piece: Pick<PieceFailed, 'index' | 'as'> | undefined, error: unknown, losses: Losses
  ): Promise<'piece' | 'batch'> {
    const { condemned, kept } = losses
    if (piece?.as === 'log' && !condemned.has(piece.index)) {
      const reason = this.#store.reason(error instanceof PieceFailed ? error.cause : error)
      condemn(batch, piece.index, reason, condemned)
      return 'piece'
    }
    if (piece?.as === 'letter' && kept.size < maxFatalPieces) {
      await this.#keep(pieceOf(batch, piece.index))
      kept.add(piece.index)
      return 'piece'
    }
    await this.#keep(batch)
    return 'batch'
  }

  async #keep (batch: SizedBatch): Promise<void> {
    if (!this.#observer.keep) throw new Error('no folder to keep logs in that no table takes')
    await this.#observer.keep(batch)
  }

  /** Retries the work until it is done or fails for good; resolves to the failure. */
  async #attempt (batches: readonly SizedBatch[], run: Run, work: Work): Promise<Failure | undefined> {
    const { signal, outcomes } = run
    for (let count = 1; ; count++) {
      let createdAt: UtcTime | undefined
      let mayBeCommitted = true
      try {
        signal.throwIfAborted()
        await this.#clock.ready(signal)
        createdAt = this.#clock.begin()
        const started = performance.now()
        const lacking = await work(count === 1, createdAt, signal)
        mayBeCommitted = false
        const seconds = (performance.now() - started) / 1000
        // Replayed batches were stored before, and are not announced again.
        const stored = batches.filter((batch) => outcomes.get(batch)?.state === 'stored')
        this.#observer.committed?.({ batches: stored, seconds, createdAt, lacking })
        return undefined
      } catch (error) {
        if (signal.aborted) return { kind: 'slow', error }
        if (createdAt === undefined) return { kind: 'unavailable', error }
        const errorClass = this.#store.classify(error instanceof PieceFailed ? error.cause : error)
        // The database itself says that it stored nothing, so no reader of the feed must wait for this transaction.
        mayBeCommitted = errorClass !== 'refused' && errorClass !== 'collision'
        if (errorClass === 'refused' || (errorClass === 'collision' && count >= maxCollisions)) {
          return { kind: 'data', error }
        }
        if (errorClass === 'unavailable') {
          return { kind: await this.#canStore(batches, run) ? 'data' : 'unavailable', error }
        }
        if (count === maxAttempts) return { kind: 'passing', error }
        if (errorClass === 'collision') for (const batch of batches) batch.firstId = this.#ids.reserve(idsOf(batch))
        this.#observer.retried?.()
        await delay(maxFirstRetryMs * 2 ** (count - 1) * Math.random())
      } finally {
        if (createdAt !== undefined) this.#clock.end(createdAt, mayBeCommitted)
      }
    }
  }

  /** Whether the database stores something else of the same size; it is rolled back. */
  async #canStore (batches: readonly SizedBatch[], { timeoutMs }: Run): Promise<boolean> {
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
    try {
      await limited(timeoutMs, (signal) => this.#store.probe(bytes, signal))
      return true
    } catch {
      return false
    }
  }
}

/** The outcome of a batch; one that the committer says nothing of has failed. */
export function outcomeOf (outcomes: Outcomes, batch: SizedBatch): Outcome {
  return outcomes.get(batch) ?? { state: 'failed', error: new Error('the batch has no outcome') }
}

/** Runs the work with a signal that is aborted after the timeout. */
async function limited<T> (timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(new DatabaseSlow(timeoutMs)), timeoutMs)
  try {
    return await work(timeout.signal)
  } finally {
    clearTimeout(timer)
  }
}

function condemn ({ records }: SizedBatch, index: number, reason: string, condemned: Map<number, string>): void {
  condemned.set(index, reason)
  if (condemned.size <= maxFatalPieces) return
  for (const other of records.keys()) if (!condemned.has(other)) condemned.set(other, reason)
}

/** Number of records that were left out when the batch was stored, because the user sent them before. */
function repeatedIn (batch: SizedBatch, outcomes: Outcomes): number {
  return outcomes.get(batch)?.state === 'stored' ? batch.repeated ?? 0 : 0
}

function fail (batches: readonly SizedBatch[], error: unknown, outcomes: Map<SizedBatch, Outcome>): void {
  const cause = error instanceof PieceFailed ? error.cause : error
  for (const batch of batches) outcomes.set(batch, { state: 'failed', error: cause })
}
