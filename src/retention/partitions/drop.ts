// Expired logs whose time is over are deleted at once, with the file of their partition:
//
//   1. The partition changes places with an empty table, between two transactions. Logs stored until then are in that
//      table now; later logs are in the partition.
//   2. Logs of the table that must be kept, because they arrived after the partition was examined, are stored again.
//   3. The table is dropped. A process that ends before that leaves it to the next one.
//   4. The empty partition is merged into the first one.
//
// DROP PARTITION would delete the logs that arrived meanwhile, and writers would wait until the file is deleted.
import type { Knex } from 'knex'
import { lastTime, startOfTime } from '../../model/span.ts'
import { announceChange, everyUser } from '../../store/batches.ts'
import type { Condition, Partition } from '../../store/dialects/dialect.ts'
import { dialectOf } from '../../store/dialects/index.ts'
import type { Surplus } from '../row-limit.ts'
import { conditionOf, listPartitions, past } from './partitions.ts'

/** A partition that can be deleted as a whole, and the number of its logs. */
export interface WholePartition {
  partition: Partition
  count: number
  /** The logs to keep, which may have arrived meanwhile. */
  kept: Condition
}

/** The logs before the limit to keep, by the rule of `retention.ts`: late arrivals, and logs that are kept for ever. */
export function keptAt (limit: number, days: number): Condition {
  return {
    sql: '(id >= ? OR user_id NOT IN (SELECT id FROM users WHERE COALESCE(retention_days, ?) > 0))',
    bindings: [(BigInt(limit) << 16n).toString(), days]
  }
}

/** Finds the partitions before the limit of which no log is kept. */
export async function * findExpired (
  knex: Knex, limit: number, days: number, signal: AbortSignal
): AsyncGenerator<WholePartition> {
  const { query } = dialectOf(knex)
  const kept = keptAt(limit, days)
  for (const partition of past(await listPartitions(knex), limit)) {
    const { sql, bindings } = conditionOf(partition)
    // First this question, which the key answers at once; the next one reads every log.
    const keptForEver = await query(knex, {
      sql: `SELECT 1 FROM users WHERE COALESCE(retention_days, ?) = 0
        AND EXISTS (SELECT 1 FROM user_logs WHERE user_id = users.id AND ${sql}) LIMIT 1`,
      bindings: [days, ...bindings]
    }, signal)
    if (keptForEver.length > 0) continue
    const [row] = await query(knex, {
      sql: `SELECT COUNT(*) AS count, SUM(${kept.sql}) AS kept FROM user_logs WHERE ${sql}`,
      bindings: [...kept.bindings, ...bindings]
    }, signal)
    const count = Number(row?.count)
    if (count > 0 && Number(row?.kept) === 0) yield { partition, count, kept }
  }
}

/** Finds the partitions before the limit that hold only logs above the row limit. */
export async function * findSurplusPartitions (
  knex: Knex, surplus: readonly Surplus[], limit: number, signal: AbortSignal
): AsyncGenerator<WholePartition> {
  const below = new Map(surplus.map(({ userId, idBelow }) => [userId, idBelow]))
  if (below.size === 0) return
  for (const partition of past(await listPartitions(knex), limit)) {
    const { sql, bindings } = conditionOf(partition)
    const rows = await dialectOf(knex).query(knex, {
      sql: `SELECT user_id, COUNT(*) AS count, CAST(MAX(id) AS CHAR) AS last FROM user_logs
        WHERE ${sql} GROUP BY user_id`,
      bindings
    }, signal)
    const users = rows.map(toUserCount)
    if (users.length === 0 || !users.every(({ userId, last }) => last < (below.get(userId) ?? 0n))) continue
    const last = users.reduce((last, user) => user.last > last ? user.last : last, 0n)
    const count = users.reduce((sum, { count }) => sum + count, 0)
    yield { partition, count, kept: { sql: 'id > ?', bindings: [last.toString()] } }
  }
}

function toUserCount (row: Record<string, unknown>): { userId: number, count: number, last: bigint } {
  return { userId: Number(row.user_id), count: Number(row.count), last: BigInt(String(row.last)) }
}

const takenTable = 'user_logs_expired'

/** Deletes the logs of a partition except those to keep; resolves to the number deleted. */
export async function dropWhole (knex: Knex, { partition, count, kept }: WholePartition): Promise<number> {
  const { partitions } = dialectOf(knex)
  const listed = await listPartitions(knex)
  const isUnchanged = listed.some(({ name, until }) => name === partition.name && until === partition.until)
  if (partitions === undefined || !isUnchanged) return 0
  await announceChange(knex, everyUser, partition.from ?? startOfTime, partition.until ?? lastTime)
  await partitions.takeOut(knex, partition, takenTable)
  await dropLeftovers(knex, kept)
  return count
}

/** Completes what this process, or one that ended, has begun. */
export async function dropLeftovers (knex: Knex, kept: Condition): Promise<void> {
  const { partitions } = dialectOf(knex)
  if (partitions === undefined || !await knex.schema.hasTable(takenTable)) return
  await announceChange(knex, everyUser, startOfTime, lastTime)
  await partitions.putBack(knex, takenTable, kept)
  await knex.schema.dropTable(takenTable)
}
