// Logs of a time that is over go at once, with the file of their partition:
//
//   1. The partition changes places with an empty table, between two transactions. Whatever was
//      stored until then is in that table now, whatever comes later is in the partition.
//   2. What is to be kept of the table, since it came while we looked, is stored again.
//   3. The table is dropped. A process that ends before that leaves it to the next one.
//   4. The empty partition becomes part of the first one.
//
// DROP PARTITION would take along what came meanwhile, and writers would wait until the file is gone.
import type { Knex } from 'knex'
import { announceChange, everyUser } from '../../store/batches.ts'
import type { Condition, Partition } from '../../store/dialects/dialect.ts'
import { dialectOf } from '../../store/dialects/index.ts'
import { listPartitions, past, within } from './partitions.ts'
import type { Surplus } from '../row-limit.ts'
import { lastTime, startOfTime } from '../../model/span.ts'

/** A partition that may go as a whole, with how many logs are in it. */
export interface WholePartition {
  partition: Partition
  count: number
  /** What of it is to stay, should it have come meanwhile. */
  kept: Condition
}

/** What is kept of logs of a time before the limit, by the rule of `retention.ts`: what came since, and what is kept for ever. */
export function keptAt (limit: number, days: number): Condition {
  return { sql: '(id >= ? OR user_id NOT IN (SELECT id FROM users WHERE COALESCE(retention_days, ?) > 0))', bindings: [(BigInt(limit) << 16n).toString(), days] }
}

/** The partitions before the limit of which nothing is kept. */
export async function * findExpired (knex: Knex, limit: number, days: number, signal: AbortSignal): AsyncGenerator<WholePartition> {
  const { query } = dialectOf(knex)
  const kept = keptAt(limit, days)
  for (const partition of past(await listPartitions(knex), limit)) {
    const { sql, bindings } = within(partition)
    // Along the key this is told at once; the other question takes a look at every log.
    const forEver = await query(knex, {
      sql: `SELECT 1 FROM users WHERE COALESCE(retention_days, ?) = 0 AND EXISTS (SELECT 1 FROM user_logs WHERE user_id = users.id AND ${sql}) LIMIT 1`,
      bindings: [days, ...bindings]
    }, signal)
    if (forEver.length > 0) continue
    const [row] = await query(knex, { sql: `SELECT COUNT(*) AS count, SUM(${kept.sql}) AS kept FROM user_logs WHERE ${sql}`, bindings: [...kept.bindings, ...bindings] }, signal)
    if (Number(row!.count) > 0 && Number(row!.kept) === 0) yield { partition, count: Number(row!.count), kept }
  }
}

/** The partitions before the limit that hold nothing but what there is too much of. */
export async function * findSurplusPartitions (knex: Knex, surplus: readonly Surplus[], limit: number, signal: AbortSignal): AsyncGenerator<WholePartition> {
  const below = new Map(surplus.map(({ userId, idBelow }) => [userId, idBelow]))
  if (below.size === 0) return
  for (const partition of past(await listPartitions(knex), limit)) {
    const { sql, bindings } = within(partition)
    const rows = await dialectOf(knex).query(knex, { sql: `SELECT user_id, COUNT(*) AS count, CAST(MAX(id) AS CHAR) AS last FROM user_logs WHERE ${sql} GROUP BY user_id`, bindings }, signal)
    const users = rows.map(({ user_id: userId, count, last }) => ({ userId: Number(userId), count: Number(count), last: BigInt(last as string) }))
    if (users.length === 0 || !users.every(({ userId, last }) => last < (below.get(userId) ?? 0n))) continue
    const last = users.reduce((last, user) => user.last > last ? user.last : last, 0n)
    yield { partition, count: users.reduce((sum, { count }) => sum + count, 0), kept: { sql: 'id > ?', bindings: [last.toString()] } }
  }
}

const takenTable = 'user_logs_expired'

/** Lets all go that is in the partition, but for what is kept; resolves to how many. */
export async function dropWhole (knex: Knex, { partition, count }: WholePartition, kept: Condition): Promise<number> {
  const listed = await listPartitions(knex)
  if (!listed.some(({ name, until }) => name === partition.name && until === partition.until)) return 0
  await announceChange(knex, everyUser, partition.from ?? startOfTime, partition.until!)
  await dialectOf(knex).partitions!.takeOut(knex, partition, takenTable)
  await dropLeftovers(knex, kept)
  return count
}

/** Brings to an end what was begun, by this process or one that ended before. */
export async function dropLeftovers (knex: Knex, kept: Condition): Promise<void> {
  if (!dialectOf(knex).partitions || !await knex.schema.hasTable(takenTable)) return
  await announceChange(knex, everyUser, startOfTime, lastTime)
  await dialectOf(knex).partitions!.putBack(knex, takenTable, kept)
  await knex.schema.dropTable(takenTable)
}
