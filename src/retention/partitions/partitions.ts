// Where an administrator wants it, on MySQL, the logs are partitioned by time:
//
//   older | 7 days | 30 days | 30 days | … | later
//
// Not on MariaDB, except for tables that an earlier version partitioned: it keeps the list of partitions in a file that
// it does not sync, and a power cut soon after a change leaves the table unreadable. MySQL keeps the list in its
// dictionary: it survived 40 of 40 power cuts during changes (test/chaos/power-cuts.test.ts).
//
// Each partition takes a file of its own: measured on MariaDB, 64 KB while it is empty and 9 MB from 5,000 logs on,
// which is 50 % of 20 MB, 14 % of 64 MB and 4 % of 256 MB; docs/performance.md has the figures. So partitions are
// 30 days wide, and one day only where a day brings 256 MB.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import { lastTime, startOfTime } from '../../model/span.ts'
import { announceChange, everyUser } from '../../store/batches.ts'
import type { Condition, Partition, Partitions } from '../../store/dialects/dialect.ts'
import { dialectOf } from '../../store/dialects/index.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const monthMs = 30 * dayMs
/** Partitions are made this long in advance: logs of a still later time are in `later`. */
const aheadMs = 90 * dayMs
/** A day that brings this much has a partition of its own. */
const dayPartitionBytes = 256 * 1024 * 1024
/** Logs in a partition that may be split or merged: they are copied, and writers wait. */
const maxCopiedLogs = 1000

/** Partitions the table. A large one gets partitions for its past, too. */
export async function divideLogs (knex: Knex): Promise<void> {
  const { partitions } = dialectOf(knex)
  if (!partitions) return
  const bytes = await partitions.size(knex)
  const today = midnight(Date.now())
  const width = bytes < 360 * dayPartitionBytes ? monthMs : dayMs
  const past = bytes < 12 * dayPartitionBytes ? [] : edges(today - 12 * monthMs, today - dayMs, width)
  // The size of the first week decides how wide the next partitions are.
  const week = today + 7 * dayMs
  const future = edges(week + monthMs, today + aheadMs + monthMs, monthMs)
  await partitions.divide(knex, [...past, utcTime(today), utcTime(week), ...future])
}

/** The danger of partitioning the table on this server; undefined where there is none. */
export async function findRisk (knex: Knex): Promise<string | undefined> {
  return await dialectOf(knex).partitions?.findRisk(knex)
}

/** Makes the table one piece again. */
export async function uniteLogs (knex: Knex): Promise<void> {
  await dialectOf(knex).partitions?.unite(knex)
}

/** Lists the partitions in order; none where the table is one piece. */
export async function listPartitions (knex: Knex): Promise<Partition[]> {
  return await dialectOf(knex).partitions?.list(knex) ?? []
}

/** Makes partitions before they are needed: of 30 days, and of one day where the last ones were large. */
export async function makePartitions (knex: Knex, now: number, signal: AbortSignal): Promise<void> {
  const { partitions } = dialectOf(knex)
  const parts = await listPartitions(knex)
  const last = parts.at(-1)
  if (partitions === undefined || last?.from === undefined) return
  await putBackLater(knex, last, signal)
  const end = millisecondsOf(last.from)
  if (end < now + aheadMs) {
    // A user's logs of the far future must not keep all others from their partitions, nor be copied while writers wait.
    if (!await isSmall(knex, last, signal)) {
      await announceChange(knex, everyUser, last.from, lastTime)
      await partitions.takeOut(knex, last, laterTable)
    }
    // One at a time: writers wait while a statement makes its files.
    const months = edges(Math.max(end, midnight(now)) + monthMs, now + aheadMs + monthMs, monthMs)
    for (const edge of months) await partitions.split(knex, last, edge)
    await putBackLater(knex, last, signal)
  }
  if (bytesPerDay(parts, now) >= dayPartitionBytes) await splitNext(knex, partitions, { parts, now, signal })
}

interface Splitting {
  parts: readonly Partition[]
  now: number
  signal: AbortSignal
}

/** Splits the partition that begins within two days into days. */
async function splitNext (knex: Knex, partitions: Partitions, { parts, now, signal }: Splitting): Promise<void> {
  for (const next of parts) {
    const { from, until } = next
    if (from === undefined || until === undefined || from <= utcTime(now) || from >= utcTime(now + 2 * dayMs)) continue
    if (isDay(next) || !await isSmall(knex, next, signal)) return
    const days = edges(millisecondsOf(from) + dayMs, millisecondsOf(until) - dayMs, dayMs)
    for (const edge of days) await partitions.split(knex, next, edge)
    return
  }
}

/** Holds the logs of the last partition while that is split; the next process completes what one has begun. */
const laterTable = 'user_logs_later'
/** Logs that are put back at once. */
const logsPerStep = 2000

async function putBackLater (knex: Knex, { from }: Partition, signal: AbortSignal): Promise<void> {
  if (!await knex.schema.hasTable(laterTable)) return
  const key = ['user_id', 'log_event_at', 'id']
  for (let moved = logsPerStep; moved === logsPerStep;) {
    signal.throwIfAborted()
    await announceChange(knex, everyUser, from ?? startOfTime, lastTime)
    // A process that ended may have put back logs without deleting them here: these are ignored.
    await knex.raw('INSERT IGNORE INTO user_logs ?', [knex(laterTable).orderBy(key).limit(logsPerStep)])
    moved = await knex(laterTable).orderBy(key).limit(logsPerStep).delete()
  }
  await knex.schema.dropTable(laterTable)
}

/** Merges the empty partitions of the past into the first one. */
export async function mergePartitions (knex: Knex, now: number, signal: AbortSignal): Promise<void> {
  const { partitions } = dialectOf(knex)
  const [first, ...others] = past(await listPartitions(knex), now)
  if (partitions === undefined || first === undefined) return
  for (const next of others) {
    if (await countUpTo(knex, next, 1, signal) > 0 || !await isSmall(knex, first, signal)) return
    await partitions.merge(knex, first, next)
  }
}

/**
 * The time up to which expired logs are deleted along the key, in ms since 1970.
 * Logs of a day with a partition of its own wait to be deleted with it, and six hours longer for late ones.
 */
export function limitAlongKey (partitions: readonly Partition[], limit: number): number {
  const time = utcTime(limit - 6 * hourMs)
  for (const partition of partitions) {
    const { from, until } = partition
    if (from === undefined || until === undefined || from > time || time >= until) continue
    return isDay(partition) ? millisecondsOf(from) : limit
  }
  return limit
}

/** The partitions that end before the limit. */
export function past (partitions: readonly Partition[], limit: number): Partition[] {
  return partitions.filter(({ until }) => until !== undefined && until <= utcTime(limit))
}

/** The logs of a partition, as a condition. */
export function conditionOf ({ from, until }: Partition): Condition {
  const parts = [
    ...from === undefined ? [] : [{ sql: 'log_event_at >= ?', binding: from }],
    ...until === undefined ? [] : [{ sql: 'log_event_at < ?', binding: until }]
  ]
  return { sql: parts.map(({ sql }) => sql).join(' AND '), bindings: parts.map(({ binding }) => binding) }
}

/** Counts the logs of a partition, up to `max`. */
async function countUpTo (knex: Knex, partition: Partition, max: number, signal: AbortSignal): Promise<number> {
  const { sql, bindings } = conditionOf(partition)
  const some = `(SELECT 1 FROM user_logs WHERE ${sql} LIMIT ${max}) AS some`
  const [row] = await dialectOf(knex).query(knex, { sql: `SELECT COUNT(*) AS count FROM ${some}`, bindings }, signal)
  return Number(row?.count)
}

async function isSmall (knex: Knex, partition: Partition, signal: AbortSignal): Promise<boolean> {
  return await countUpTo(knex, partition, maxCopiedLogs + 1, signal) <= maxCopiedLogs
}

function isDay ({ from, until }: Partition): boolean {
  return from !== undefined && until !== undefined && millisecondsOf(until) - millisecondsOf(from) <= dayMs
}

/** Bytes that a day brings, by the last partition that is over and the present one: the larger of both. */
function bytesPerDay (partitions: readonly Partition[], now: number): number {
  const rates = partitions.flatMap(({ from, until, bytes }) => {
    if (from === undefined || until === undefined || from > utcTime(now)) return []
    return [bytes / Math.max(1, (Math.min(millisecondsOf(until), now) - millisecondsOf(from)) / dayMs)]
  })
  return Math.max(0, ...rates.slice(-2))
}

/** The times from `from` up to `to`, inclusive, that are `width` apart. */
function edges (from: number, to: number, width: number): UtcTime[] {
  return Array.from({ length: Math.floor((to - from) / width) + 1 }, (_, index) => utcTime(from + index * width))
}

function midnight (time: number): number {
  return time - time % dayMs
}
