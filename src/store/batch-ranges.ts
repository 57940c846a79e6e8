import type { Knex } from 'knex'
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import type { Condition } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'

/** Part of a user's logs, by time and id; it may hold other logs than those of the batches it was made of. */
export interface BatchRange {
  userId: number
  firstAt: UtcTime
  lastAt: UtcTime
  firstId: bigint
  lastId: bigint
}

/** Batches of a user that are closer than this are read as one range, in milliseconds. */
const mergeMs = 60_000

/** Where the logs of a batch are. */
interface Batch {
  userId: number
  firstAt: UtcTime
  lastAt: UtcTime
  firstId: bigint
  records: number
}

/** The logs of some batches as few ranges, so that each can be read along the key. */
export function rangesOf (batches: readonly Batch[]): BatchRange[] {
  const ranges: BatchRange[] = []
  let last: BatchRange | undefined
  for (const { userId, firstAt, lastAt, firstId, records } of batches.toSorted(byUserAndTime)) {
    const lastId = firstId + BigInt(records - 1)
    if (last?.userId === userId && millisecondsOf(firstAt) - millisecondsOf(last.lastAt) < mergeMs) {
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

/** The logs of a range, or those of them after one that was read. */
export function logsInRange (
  knex: Knex, { firstAt, lastAt, firstId, lastId }: Omit<BatchRange, 'userId'>, after?: { at: UtcTime, id: string }
): Condition[] {
  const { beyond } = dialectOf(knex).conditions
  return [
    beyond('>', after ?? { at: firstAt, id: (firstId - 1n).toString() }),
    beyond('<=', { at: lastAt, id: lastId.toString() }),
    { sql: 'id BETWEEN ? AND ?', bindings: [firstId.toString(), lastId.toString()] }
  ]
}

function byUserAndTime (one: Batch, other: Batch): number {
  return one.userId - other.userId || (one.firstAt < other.firstAt ? -1 : 1)
}
