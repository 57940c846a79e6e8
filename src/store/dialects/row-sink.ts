// Rows to store, and the sink of a database that stores them.
import type { KnownPieces } from '../../model/batch-store.ts'
import type { UtcTime } from '../../model/instant.ts'

/** A value of a row. */
export type Value = string | number | null

/** A value of a row of any table. */
export type Cell = Value | Buffer

/**
 * The hashes by which repeated rows of a batch are recognized, and the times that decide.
 *
 * A row is repeated if `recent_logs` has its hash, expiring after this batch arrived and before the hash would expire
 * if the batch had arrived a window later. So the other batch arrived up to a window before this one, or up to a window
 * after it: this one may have waited in the spool.
 */
export interface RowOnce {
  /** 16 bytes for each of the first rows, all different. The rows after them are stored each time. */
  hashes: Uint8Array
  arrivedAt: UtcTime
  expiresAt: UtcTime
  expiresBefore: UtcTime
}

/** A batch as rows of `user_logs`, in the order of `logColumns`. */
export interface RowBatch {
  userId: number
  /** 16 bytes, unique to the user. */
  key: Buffer
  createdAt: UtcTime
  firstId: string
  /** The first and last `log_event_at` of its rows; null if it has none. */
  firstAt: UtcTime | null
  lastAt: UtcTime | null
  /** The ranges of time that its rows are in, as JSON; null for one range. See migration `batch_times`. */
  times: string | null
  rows: ReadonlyArray<readonly Value[]>
  /** Dead letters that are stored with the rows, in the order of `deadLetterColumns`. */
  rejected: ReadonlyArray<readonly Value[]>
  /** Recognizes rows that were stored before, which are left out. */
  once?: RowOnce
  /** The number of rows that were left out. The sink sets it before it commits. */
  repeated?: number
}

/** A batch that is stored row by row, with the dead letter that would replace each row. */
export interface RowByRowBatch extends RowBatch, KnownPieces {
  /** In the order of `deadLetterColumns`, without the last column, the reason. */
  letters: ReadonlyArray<readonly Value[]>
}

/** Stores rows in the database. */
export interface RowSink {
  /**
   * Stores every batch with its key in one transaction, or nothing.
   *
   * Resolves to the batches whose key was stored before; nothing of them is stored again. Rejects soon after the signal
   * is aborted: it is then unknown whether the transaction was committed, and safe to retry because of the keys.
   */
  insert (batches: readonly RowBatch[], signal: AbortSignal): Promise<ReadonlySet<RowBatch>>
  /**
   * Stores a batch row by row in one transaction; rows that the database refuses become dead letters.
   *
   * Resolves to the number of refused rows, or to undefined if the key was stored before. Rejects with PieceFailed if a
   * piece fails in another way, which may have ended the transaction. The signal is as above.
   */
  insertRowByRow (batch: RowByRowBatch, signal: AbortSignal): Promise<number | undefined>
  /** Rejects while the database stores no row of about `bytes`. Nothing stays stored. */
  probe (bytes: number, signal: AbortSignal): Promise<void>
  close (): Promise<void>
}
