// Where an administrator wants it, on MySQL and MariaDB, the logs are divided by time:
//
//   older | 7 days | 30 days | 30 days | … | later
//
// Not unasked: MariaDB keeps what partitions there are in a file that it does not sync, and a power cut
// soon after a change of them leaves the table unreadable (the power cuts of `test/chaos` found it).
//
// Each partition costs a file of its own: measured on MariaDB, 64 KB while it is empty and 9 MB from
// 5,000 logs on, which is 50 % of 20 MB, 14 % of 64 MB and 4 % of 256 MB; docs/performance.md has the
// figures. So they are 30 days wide, and one day only where a day brings as much as that.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import { announceChange, everyUser } from '../../store/batches.ts'
import type { Condition, Partition } from '../../store/dialects/dialect.ts'
import { dialectOf } from '../../store/dialects/index.ts'
import { lastTime } from '../../model/span.ts'

const hour = 3_600_000
const day = 24 * hour
const month = 30 * day
/** For so long there are partitions beforehand: logs with a time still later are in `later`, and are hopefully few. */
const ahead = 90 * day
/** In bytes: a day that brings as much has a partition of its own. */
const large = 256 * 1024 * 1024
/** What is split or merged is copied, and writers wait: there may be so many logs in it. */
const few = 1000

/** Divides the table. One that is large already gets partitions for its past, too. */
export async function divideLogs (knex: Knex): Promise<void> {
  const { partitions } = dialectOf(knex)
  if (!partitions) return
  const bytes = await partitions.size(knex)
  const today = midnight(Date.now())
  const past = bytes < 12 * large ? [] : edges(today - 12 * month, today - day, bytes < 360 * large ? month : day)
  // What the first week brings tells how wide the next ones should be.
  await partitions.divide(knex, [...past, utcTime(today), utcTime(today + 7 * day), ...edges(today + 7 * day + month, today + ahead + month, month)])
}

export async function uniteLogs (knex: Knex): Promise<void> {
  await dialectOf(knex).partitions?.unite(knex)
}

/** In their order; none where the table is one piece. */
export async function listPartitions (knex: Knex): Promise<Partition[]> {
  return await dialectOf(knex).partitions?.list(knex) ?? []
}

/** Makes partitions before they are needed: of 30 days, and of one day where the last ones were large. */
export async function makePartitions (knex: Knex, now: number, signal: AbortSignal): Promise<void> {
  const parts = await listPartitions(knex)
  const last = parts.at(-1)
  if (last === undefined) return
  const { split, takeOut } = dialectOf(knex).partitions!
  await putBackLater(knex, last, signal)
  const end = millisecondsOf(last.from!)
  if (end < now + ahead) {
    // Somebody's logs of the far future must not keep all others' from their partitions, nor be copied while writers wait.
    if (!await isSmall(knex, last, signal)) {
      await announceChange(knex, everyUser, last.from!, lastTime)
      await takeOut(knex, last, laterTable)
    }
    // Each is made by itself: writers wait for as many files as one statement makes.
    for (const edge of edges(Math.max(end, midnight(now)) + month, now + ahead + month, month)) await split(knex, last, edge)
    await putBackLater(knex, last, signal)
  }
  const next = parts.find(({ from, until }) => from !== undefined && until !== undefined && from > utcTime(now) && from < utcTime(now + 2 * day))
  if (next && !isDay(next) && bytesADay(parts, now) >= large && await isSmall(knex, next, signal)) {
    for (const edge of edges(millisecondsOf(next.from!) + day, millisecondsOf(next.until!) - day, day)) await split(knex, next, edge)
  }
}

/** Holds for some seconds what was in the last partition, while that is divided; a process that ends meanwhile leaves it to the next one. */
const laterTable = 'user_logs_later'
/** So many logs are put back at once. */
const stepSize = 2000

async function putBackLater (knex: Knex, { from }: Partition, signal: AbortSignal): Promise<void> {
  if (!await knex.schema.hasTable(laterTable)) return
  const key = ['user_id', 'log_event_at', 'id']
  for (let left = stepSize; left === stepSize;) {
    signal.throwIfAborted()
    await announceChange(knex, everyUser, from!, lastTime)
    // What is there already was put back by a process that ended before it could delete it here.
    await knex.raw('INSERT IGNORE INTO user_logs ?', [knex(laterTable).orderBy(key).limit(stepSize)])
    left = await knex(laterTable).orderBy(key).limit(stepSize).delete()
  }
  await knex.schema.dropTable(laterTable)
}

/** The empty ones that are past become part of the first. */
export async function mergePartitions (knex: Knex, now: number, signal: AbortSignal): Promise<void> {
  const [first, ...others] = past(await listPartitions(knex), now)
  for (const next of others) {
    if (await countIn(knex, next, signal, 1) > 0 || !await isSmall(knex, first!, signal)) return
    await dialectOf(knex).partitions!.merge(knex, first!, next)
  }
}

/** Up to when logs go along the key: where a day has a partition of its own, they wait to go with it, some hours longer if some came late. */
export function limitAlongKey (partitions: readonly Partition[], limit: number): number {
  const time = utcTime(limit - 6 * hour)
  const partition = partitions.find(({ from, until }) => from !== undefined && until !== undefined && from <= time && time < until)
  return partition && isDay(partition) ? millisecondsOf(partition.from!) : limit
}

/** Those that are wholly before the limit. */
export function past (partitions: readonly Partition[], limit: number): Partition[] {
  return partitions.filter(({ until }) => until !== undefined && until <= utcTime(limit))
}

/** That a log is in the partition. */
export function within ({ from, until }: Partition): Condition {
  const parts = [
    ...from === undefined ? [] : [{ sql: 'log_event_at >= ?', binding: from }],
    ...until === undefined ? [] : [{ sql: 'log_event_at < ?', binding: until }]
  ]
  return { sql: parts.map(({ sql }) => sql).join(' AND '), bindings: parts.map(({ binding }) => binding) }
}

/** How many logs there are, or so many, if there are more. */
export async function countIn (knex: Knex, partition: Partition, signal: AbortSignal, most?: number): Promise<number> {
  const { sql, bindings } = within(partition)
  const from = `user_logs WHERE ${sql}`
  const [row] = await dialectOf(knex).query(knex, {
    sql: `SELECT COUNT(*) AS count FROM ${most === undefined ? from : `(SELECT 1 FROM ${from} LIMIT ${most}) AS some`}`,
    bindings
  }, signal)
  return Number(row!.count)
}

async function isSmall (knex: Knex, partition: Partition, signal: AbortSignal): Promise<boolean> {
  return await countIn(knex, partition, signal, few + 1) <= few
}

function isDay ({ from, until }: Partition): boolean {
  return millisecondsOf(until!) - millisecondsOf(from!) <= day
}

/** Of the last partition that is over, or the one that is not: of what brings more. */
function bytesADay (partitions: readonly Partition[], now: number): number {
  const begun = partitions.filter(({ from, until }) => from !== undefined && until !== undefined && from <= utcTime(now)).slice(-2)
  return Math.max(0, ...begun.map(({ from, until, bytes }) => bytes / Math.max(1, (Math.min(millisecondsOf(until!), now) - millisecondsOf(from!)) / day)))
}

/** These times, so far from each other, the first and the last included. */
function edges (from: number, to: number, width: number): UtcTime[] {
  return Array.from({ length: Math.floor((to - from) / width) + 1 }, (_, index) => utcTime(from + index * width))
}

function midnight (time: number): number {
  return time - time % day
}
