import type { UtcTime } from './instant.ts'
import type { LogRecord } from './record.ts'

/** A piece of a request that can't become a log: kept as a dead letter beside the logs that its neighbours became. */
export interface Rejected {
  /** The decoder that refused it, by its protocol's name: what a replay asks again. At most 32 characters. */
  source: string
  /** Which piece of the request it is, from 0. */
  index: number
  /** What it should have been, in a sentence that quotes nothing of it. */
  reason: string
  /** As it came. */
  raw: string
}

/** How logs are known that were sent before, in whatever batch. */
export interface Once {
  /** 16 bytes for each of the batch's first records, all different. Further records are stored however often they come. */
  hashes: Buffer
  /** Milliseconds for which they are remembered. */
  windowMs: number
}

/** What one request brings: stored as a whole or not at all. */
export interface LogBatch {
  userId: number
  records: readonly LogRecord[]
  /** Kept in the same transaction. Default: none. */
  rejected?: readonly Rejected[]
  /** 16 bytes that name the batch among the user's of the last seven days: stored once, however often it comes. Default: a name of its own. */
  key?: Buffer
  /** Its records of which the user sent the same bytes lately are left out. Default: none is. Not inside of a transaction of the host app's. */
  once?: Once
}

/** How a batch was made durable. */
export interface Receipt {
  /** Where it is: in the database, or, while that is away, in the spool on our own disk. */
  stored: 'database' | 'spool'
  /** Its key was stored before; nothing was stored this time. */
  replayed: boolean
}

/** A batch that is admitted: with its key and ids fixed, any number of tries stores it once. */
export interface AdmittedBatch extends LogBatch {
  /** 16 bytes that no other batch of the user has. */
  key: Buffer
  /** The first record's id; the others follow it in order, then those of what was rejected. */
  firstId: bigint
  /** Set as soon as it is known: how many of the records were left out, because the user sent the same lately. */
  repeated?: number
}

/** A batch's position in the order in which batches are stored. */
export interface BatchPosition {
  createdAt: UtcTime
  userId: number
  /** 32 hex digits. */
  key: string
}
