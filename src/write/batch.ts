import { randomFillSync } from 'node:crypto'
import type { AdmittedBatch, LogBatch } from '../model/batch.ts'
import { sizeOfValue } from '../model/record.ts'

/** A batch that waits to be written, with about how many bytes it takes. */
export interface SizedBatch extends AdmittedBatch {
  bytes: number
  /** How many of its records were left out, as its `once` has it; undefined until it is stored. */
  repeated?: number
}

/**
 * A key of its own: our clock, then chance. Keys of one time lie side by side in the index, which
 * is what makes them cheap.
 */
export function freshKey (): Buffer {
  if (used === chance.length) {
    randomFillSync(chance)
    used = 0
  }
  const key = Buffer.allocUnsafe(16)
  key.writeUIntBE(Date.now(), 0, 6)
  used += chance.copy(key, 6, used, used + 10)
  return key
}

/** Drawn for a thousand keys at once, which costs what one does. */
const chance = Buffer.alloc(10 * 1000)
let used = chance.length

/** How many ids a batch takes. */
export function idsOf ({ records, rejected = [] }: Pick<LogBatch, 'records' | 'rejected'>): number {
  return records.length + rejected.length
}

/** One piece of a batch, records first, as a batch of its own under its id. */
export function pieceOf ({ userId, firstId, records, rejected = [] }: SizedBatch, index: number): SizedBatch {
  const piece = index < records.length ? { records: [records[index]!] } : { records: [], rejected: [rejected[index - records.length]!] }
  return { userId, key: freshKey(), firstId: firstId + BigInt(index), bytes: sizeOf(piece), ...piece }
}

/** About how many bytes a batch takes. */
export function sizeOf ({ records, rejected = [] }: Pick<LogBatch, 'records' | 'rejected'>): number {
  let size = 0
  for (const { raw } of rejected) size += 100 + raw.length
  for (const { message, processName, description, attributes } of records) {
    size += 100 + message.length + processName.length + description.length
    if (attributes !== null) size += sizeOfValue(attributes)
  }
  return size
}
