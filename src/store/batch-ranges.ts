import type { Knex } from 'knex'
import { groupBy } from '../model/group-by.ts'
import type { UtcTime } from '../model/instant.ts'
import { joined, type TimeRange } from '../model/time-range.ts'
import type { Condition } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import type { Reader } from './reader.ts'

/** Part of a user's logs, by times and ids; it may hold other logs than those of the batches it was made of. */
export interface BatchRange {
  userId: number
  /** In order: at least one, and no more than one statement reads along the key. */
  times: readonly [TimeRange, ...TimeRange[]]
  firstId: bigint
  lastId: bigint
}

/** Where the logs of a batch are. */
interface Batch extends TimeRange {
  userId: number
  /** 32 hex digits. */
  key: string
  hasTimes: boolean
  firstId: bigint
  records: number
}

/**
 * Statements that read the logs of a user: each takes as long as reading a thousand logs more, and logs that came late
 * may all be minutes apart.
 */
const maxStatements = 100

/** Batches that a statement reads the times of. */
const timesPage = 500

/** The logs of some batches as few ranges, by user and time, so that each can be read along the key. */
export async function rangesOfBatches (reader: Reader, batches: readonly Batch[]): Promise<BatchRange[]> {
  const { maxTimes } = dialectOf(reader.knex)
  const ranges: BatchRange[] = []
  for (const [userId, ofUser] of groupBy(batches, ({ userId }) => userId)) {
    const firstId = ofUser.map(({ firstId }) => firstId).reduce((least, id) => id < least ? id : least)
    const lastId = ofUser.map(lastIdOf).reduce((most, id) => id > most ? id : most)
    const all = joined(await timesOf(reader, userId, ofUser), maxStatements * maxTimes)
    for (let from = 0; from < all.length; from += maxTimes) {
      const [first, ...others] = all.slice(from, from + maxTimes)
      if (first) ranges.push({ userId, times: [first, ...others], firstId, lastId })
    }
  }
  return ranges
}

/** When the logs of a user's batches were. */
async function timesOf ({ knex, signal }: Reader, userId: number, batches: readonly Batch[]): Promise<TimeRange[]> {
  const times: TimeRange[] = batches.filter(({ hasTimes }) => !hasTimes)
  const keys = batches.filter(({ hasTimes }) => hasTimes).map(({ key }) => Buffer.from(key, 'hex'))
  for (let from = 0; from < keys.length; from += timesPage) {
    const select = knex('ingest_batches').select('times').where('user_id', userId)
      .whereIn('batch_key', keys.slice(from, from + timesPage))
    for (const row of await dialectOf(knex).query<{ times: string }>(knex, select, signal)) {
      const listed: Array<[firstAt: UtcTime, lastAt: UtcTime]> = JSON.parse(row.times)
      for (const [firstAt, lastAt] of listed) times.push({ firstAt, lastAt })
    }
  }
  return times
}

/** The logs of a range, or those of them after one that was read. */
export function logsInRange (
  knex: Knex, { times, firstId, lastId }: Omit<BatchRange, 'userId'>, after?: { at: UtcTime, id: string }
): Condition[] {
  const { beyond } = dialectOf(knex).conditions
  const left = after ? times.filter(({ lastAt }) => lastAt >= after.at) : times
  const { firstAt } = times[0]
  const { lastAt } = times.at(-1) ?? times[0]
  return [
    beyond('>', after ?? { at: firstAt, id: (firstId - 1n).toString() }),
    beyond('<=', { at: lastAt, id: lastId.toString() }),
    { sql: 'id BETWEEN ? AND ?', bindings: [firstId.toString(), lastId.toString()] },
    ...left.length > 1 ? [within(left)] : []
  ]
}

function within (times: readonly TimeRange[]): Condition {
  return {
    sql: `(${times.map(() => 'log_event_at BETWEEN ? AND ?').join(' OR ')})`,
    bindings: times.flatMap(({ firstAt, lastAt }) => [firstAt, lastAt])
  }
}

function lastIdOf ({ firstId, records }: Batch): bigint {
  return firstId + BigInt(records - 1)
}
