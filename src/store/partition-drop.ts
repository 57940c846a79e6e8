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
import { announceChange, everyUser } from './batches.ts'
import type { Condition, Partition } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { countIn, listPartitions, past, within } from './partitions.ts'
import { lastTime, startOfTime } from './spans.ts'

/** A partition that may go as a whole, with how many logs are in it. */
export interface WholePartition {
  partition: Partition
  count: number
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
    if (Number(row!.count) > 0 && Number(row!.kept) === 0) yield { partition, count: Number(row!.count) }
  }
}

/** The oldest partitions, as far as they hold no more logs than so many. */
export async function * findSurplus (knex: Knex, excess: number, signal: AbortSignal): AsyncGenerator<WholePartition> {
  let left = excess
  for (const partition of past(await listPartitions(knex), Date.now())) {
    const count = await countIn(knex, partition, signal)
    if (count > left) return
    left -= count
    if (count > 0) yield { partition, count }
  }
}

/** Lets all go that is in the partition, but for what is kept; resolves to how many. */
export async function dropWhole (knex: Knex, { partition, count }: WholePartition, kept: Condition | undefined): Promise<number> {
  const listed = await listPartitions(knex)
  if (!listed.some(({ name, until }) => name === partition.name && until === partition.until)) return 0
  const table = kept ? 'user_logs_expired' : 'user_logs_surplus'
  await announceChange(knex, everyUser, partition.from ?? startOfTime, partition.until!)
  await dialectOf(knex).partitions!.takeOut(knex, partition, table)
  await dropTaken(knex, table, kept)
  return count
}

/** Brings to an end what a process began that ended before. */
export async function dropLeftovers (knex: Knex, kept: Condition): Promise<void> {
  if (!dialectOf(knex).partitions) return
  await dropTaken(knex, 'user_logs_expired', kept)
  await dropTaken(knex, 'user_logs_surplus', undefined)
}

async function dropTaken (knex: Knex, table: string, kept: Condition | undefined): Promise<void> {
  if (!await knex.schema.hasTable(table)) return
  if (kept) {
    await announceChange(knex, everyUser, startOfTime, lastTime)
    await dialectOf(knex).partitions!.putBack(knex, table, kept)
  }
  await knex.schema.dropTable(table)
}
