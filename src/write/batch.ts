import { randomFillSync } from 'node:crypto'
import type { AdmittedBatch, LogBatch } from '../model/batch.ts'
import { sizeOfValue } from '../model/record.ts'

/** A batch that waits to be stored. */
export interface SizedBatch extends AdmittedBatch {
  /** Approximate size in memory. */
  bytes: number
}

/**
 * Makes a unique batch key: 6 bytes of the clock in milliseconds, then 10 random bytes.
 *
 * Keys made at about the same time are neighbours in the index, which makes them cheap to insert.
 */
export function freshKey (): Buffer {
  if (usedBytes === randomPool.length) {
    randomFillSync(randomPool)
    usedBytes = 0
  }
  const key = Buffer.allocUnsafe(16)
  key.writeUIntBE(Date.now(), 0, 6)
  usedBytes += randomPool.copy(key, 6, usedBytes, usedBytes + 10)
  return key
}

/** Random bytes for a thousand keys: drawing them at once costs as much as drawing those of one key. */
const randomPool = Buffer.alloc(10 * 1000)
let usedBytes = randomPool.length

/** Number of ids that a batch needs. */
export function idsOf ({ records, rejected = [] }: Pick<LogBatch, 'records' | 'rejected'>): number {
  return records.length + rejected.length
}

/** Makes a batch of one piece, which keeps its id; pieces are counted over the records, then over what was rejected. */
export function pieceOf ({ userId, firstId, records, rejected = [] }: SizedBatch, index: number): SizedBatch {
  const inRejected = Math.max(0, index - records.length)
  const piece = index < records.length
    ? { records: records.slice(index, index + 1) }
    : { records: [], rejected: rejected.slice(inRejected, inRejected + 1) }
  return { userId, key: freshKey(), firstId: firstId + BigInt(index), bytes: sizeOf(piece), ...piece }
}

/** Approximate size of a batch in memory, in bytes. */
export function sizeOf ({ records, rejected = [] }: Pick<LogBatch, 'records' | 'rejected'>): number {
  let size = 0
  for (const { raw } of rejected) size += 100 + raw.length
  for (const { message, processName, description, attributes } of records) {
    size += 100 + message.length + processName.length + description.length
    if (attributes !== null) size += sizeOfValue(attributes)
  }
  return size
}
