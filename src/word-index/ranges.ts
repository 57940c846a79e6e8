import { millisecondsOf, type UtcTime } from '../model/instant.ts'

/** Where logs of a user lie that came in with some batches: others may lie between them. */
export interface Range {
  userId: number
  firstAt: UtcTime
  lastAt: UtcTime
  /** Theirs are between these. */
  firstId: bigint
  lastId: bigint
}

/** Of one user, batches no farther apart than this are read as one, in milliseconds. */
const near = 60_000

/** The batches' logs in few ranges, so that each can be read along the key. */
export function rangesOf (batches: ReadonlyArray<{ userId: number, firstAt: UtcTime, lastAt: UtcTime, firstId: bigint, records: number }>): Range[] {
  const ranges: Range[] = []
  let last: Range | undefined
  for (const { userId, firstAt, lastAt, firstId, records } of batches.toSorted((one, other) => one.userId - other.userId || (one.firstAt < other.firstAt ? -1 : 1))) {
    const lastId = firstId + BigInt(records - 1)
    if (last?.userId === userId && millisecondsOf(firstAt) - millisecondsOf(last.lastAt) < near) {
      if (lastAt > last.lastAt) last.lastAt = lastAt
      if (firstId < last.firstId) last.firstId = firstId
      if (lastId > last.lastId) last.lastId = lastId
    } else {
      last = { userId, firstAt, lastAt, firstId, lastId }
      ranges.push(last)
    }
  }
  return ranges
}
