import type { AdmittedBatch } from './batch.ts'
import type { UtcTime } from './instant.ts'

/**
 * What a failure to store means for the batches:
 *
 * - `collision`: an id exists already; retry with fresh ids
 * - `passing`: retry
 * - `refused`: a record breaks a rule of the database
 * - `unavailable`: the database can't store anything for now, unless it stores something else
 */
export type ErrorClass = 'collision' | 'passing' | 'refused' | 'unavailable'

/** What is known of single pieces of a batch, by their index; records come first. */
export interface KnownPieces {
  /** Records that become dead letters without being tried, with the reason. */
  condemned: ReadonlyMap<number, string>
  /** Pieces that are left out, because they were kept as files. */
  kept: ReadonlySet<number>
  /** Called before a piece is tried, if the database may stop in the middle of it. */
  trying (index: number, as: 'log' | 'letter'): void
}

/** Stores batches, and classifies the errors of doing so. */
export interface BatchStore {
  /**
   * Stores all batches in one transaction, or none; resolves to the batches whose key was stored before.
   *
   * `createdAt` is when the transaction began, by our clock. Of a batch whose key was stored before, nothing is stored.
   * Rejects soon after the signal is aborted: whether the batches are stored is then unknown, and a retry with the same
   * keys is safe.
   */
  store<T extends AdmittedBatch> (
    batches: readonly T[], createdAt: UtcTime, signal: AbortSignal
  ): Promise<ReadonlySet<T>>
  /**
   * Stores one batch in one transaction, row by row; resolves to the number of records that became dead letters.
   *
   * Records that the database refuses, and `pieces.condemned`, become dead letters. Resolves to undefined if the key
   * was stored before. Rejects with PieceFailed if a piece fails in another way; the signal works as above.
   */
  storeRowByRow (
    batch: AdmittedBatch, createdAt: UtcTime, signal: AbortSignal, pieces: KnownPieces
  ): Promise<number | undefined>
  /** Rejects while the database can't store a log of about `bytes`; nothing stays stored. */
  probe (bytes: number, signal: AbortSignal): Promise<void>
  classify (error: unknown): ErrorClass
  /** The part of an error's message that may be shown to users. */
  reason (error: unknown): string
}
