import type { AdmittedBatch } from './batch.ts'
import type { UtcTime } from './instant.ts'

/**
 * What a failure to store means for what was to be stored: `collision`: an id was taken, try again with fresh ones;
 * `passing`: try again; `refused`: a record breaks a rule of the database; `away`: the database can't store anything
 * for now, unless it stores something else.
 */
export type ErrorClass = 'collision' | 'passing' | 'refused' | 'away'

/** What is known of single pieces of a batch, by their index, records first. */
export interface KnownPieces {
  /** Why records become dead letters without being tried. */
  condemned: ReadonlyMap<number, string>
  /** Pieces that are kept as files, and left out. */
  kept: ReadonlySet<number>
  /** Called with the piece that is tried next, where the database may be left in the middle of it. */
  trying (index: number, as: 'log' | 'letter'): void
}

/** Where batches are stored, and what its errors mean. */
export interface BatchStore {
  /**
   * Stores all batches in one transaction, or none. `createdAt` is when the transaction began, by our clock. Resolves to
   * the batches whose key was stored before, of which nothing is stored again. Rejects soon after the signal: whether
   * they are stored is then unknown, and trying again under the same keys is safe.
   */
  store<T extends AdmittedBatch> (batches: readonly T[], createdAt: UtcTime, signal: AbortSignal): Promise<ReadonlySet<T>>
  /**
   * Stores one batch in one transaction, row by row: records that the database refuses, and `pieces.condemned`, become
   * dead letters. Resolves to how many did, or to undefined where the key was stored before. Rejects with PieceFailed
   * where a piece fails in another way; the signal is as above.
   */
  storeRowByRow (batch: AdmittedBatch, createdAt: UtcTime, signal: AbortSignal, pieces: KnownPieces): Promise<number | undefined>
  /** Rejects while the database stores no log of about `bytes`; nothing stays stored. */
  probe (bytes: number, signal: AbortSignal): Promise<void>
  classify (error: unknown): ErrorClass
  /** What may be told of an error. */
  reason (error: unknown): string
}
