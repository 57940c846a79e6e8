import type { UtcTime } from './instant.ts'
import type { LogRecord } from './record.ts'

/** A piece of a request that can't become a log: it is kept as a dead letter. */
export interface Rejected {
  /** Name of the protocol, by whose decoder a replay tries it again. At most 32 characters. */
  source: string
  /** Its position in the request, from 0. */
  index: number
  /** The rule that it breaks, in a sentence that quotes nothing of it. */
  reason: string
  /** The piece as it was received. */
  raw: string
}

/** Recognizes logs that were sent before, in any batch. */
export interface Once {
  /** 16 bytes for each of the batch's first records, all different; further records are stored each time. */
  hashes: Buffer
  /** How long the hashes are remembered. */
  windowMs: number
}

/** Logs of one request: stored as a whole or not at all. */
export interface LogBatch {
  userId: number
  records: readonly LogRecord[]
  /** Pieces that become dead letters in the same transaction. Default: none. */
  rejected?: readonly Rejected[]
  /**
   * 16 bytes that name the batch among the user's batches of the last seven days: a batch of the same key is stored
   * once. Default: a unique key.
   */
  key?: Buffer
  /**
   * Leaves out records that the user has sent before. Default: stores all of them.
   *
   * Ignored inside a transaction of the host app.
   */
  once?: Once
}

/** How a batch was made durable. */
export interface Receipt {
  /** In the database, or in the spool on our own disk while the database is unavailable. */
  stored: 'database' | 'spool'
  /** Whether its key was stored before, so that nothing was stored this time. */
  replayed: boolean
}

/** A batch whose key and ids are fixed, so that any number of attempts stores it once. */
export interface AdmittedBatch extends LogBatch {
  /** 16 bytes, unique among the user's batches. */
  key: Buffer
  /** Id of the first record; the ids of the other records follow, then those of the rejected pieces. */
  firstId: bigint
  /** Number of records that were left out, because the user sent them before; set when the batch is stored. */
  repeated?: number
}

/** Position of a batch in the order in which batches are stored. */
export interface BatchPosition {
  createdAt: UtcTime
  userId: number
  /** 32 hex digits. */
  key: string
}
