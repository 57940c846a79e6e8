// The tables `hour_counts` and `hour_counts_progress`: how many logs of each severity a user has in
// an hour, counted behind the writer, so that a histogram of months is a matter of milliseconds.
//
//   stored or let go      a batch in `ingest_batches` says which hours it touches; letting logs go is
//                         announced there, too, as a batch without logs, before any go
//   touched since         hours touched by batches since `reached_at` are not believed but counted
//   `reached_at` goes on  what was touched until then is deleted here, in the same transaction
//   quiet for a while     the hours that lack a row are counted, and get one
//
// So a row is true whenever it is believed: what touches its hour later is seen in the batches.
// Whoever changes `user_logs` past all this empties `hour_counts` afterwards.
import type { Knex } from 'knex'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { severities, type Severity } from '../model/record.ts'
import { everyUser } from '../store/batches.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Follower } from '../cluster/followed.ts'
import { endOfTime, hourOf, hoursAfter, overlap, partsOutside, startOfTime, type Span } from '../model/span.ts'
import { areKnownSince, Overtaken } from '../cluster/progress.ts'

/** The logs of an hour; in the hours after it, up to `until`, there are none. */
export interface HourCount {
  hour: UtcTime
  until: UtcTime
  counts: Record<Severity, number>
}

/** Whose hours were touched. */
export interface Touched extends Span {
  userId: number
}

/** No row holds for more hours than these: so the rows that a time lies in are found by the key. */
const longest = 24

/** All but the last hour of all times, after which there is no other. */
export const countable: Span = { from: startOfTime, to: '9999-12-31 23:00:00.000000' }

const id = 1

/** Which batches tell what they touch. */
export const hoursFollower: Follower = { name: 'hour-counts', takes: 'first_at IS NOT NULL' }

/** How far the batches are known to have touched what is counted; undefined where nothing is counted, or that is too far behind. */
export async function hoursReached (knex: Knex): Promise<UtcTime | undefined> {
  const row = await knex('hour_counts_progress').where({ id }).first()
  return row !== undefined && await areKnownSince(knex, row.reached_at) ? row.reached_at : undefined
}

/** Begins to count, or begins anew: batches created from then on tell what they touch. */
export async function beginHours (knex: Knex, from: UtcTime): Promise<void> {
  await knex('hour_counts_progress').delete()
  // A host app's users need not be in the table of users.
  const userIds: number[] = await knex('hour_counts').distinct('user_id').pluck('user_id')
  for (const userId of userIds) await knex('hour_counts').where('user_id', userId).delete()
  await knex('hour_counts_progress').insert({ id, reached_at: from })
}

/** The hours that were touched by batches created in that time, of one user or all, in one span where they are near each other. */
export async function touchedBy (knex: Knex, created: { from: UtcTime, to?: UtcTime }, userId: number | undefined, signal: AbortSignal): Promise<Array<Touched & { batches: number }>> {
  const conditions: Condition[] = [
    { sql: `${hoursFollower.takes} AND created_at >= ?`, bindings: [created.from] },
    ...created.to === undefined ? [] : [{ sql: 'created_at < ?', bindings: [created.to] }],
    ...userId === undefined ? [] : [{ sql: 'user_id IN (?, ?)', bindings: [everyUser, userId] }]
  ]
  const rows = await dialectOf(knex).query(knex, {
    sql: `SELECT user_id, MIN(first_at) AS first, MAX(last_at) AS last, COUNT(*) AS batches FROM ingest_batches
      WHERE ${conditions.map(({ sql }) => sql).join(' AND ')} GROUP BY user_id, SUBSTR(first_at, 1, 13)`,
    bindings: conditions.flatMap(({ bindings }) => bindings)
  }, signal)
  return rows.map((row) => ({ userId: Number(row.user_id), from: hourOf(row.first as UtcTime), to: hoursAfter(hourOf(row.last as UtcTime), 1), batches: Number(row.batches) }))
}

/** Deletes what is counted of hours that were touched, and goes on to the time up to which they were. Throws Overtaken. */
export async function forgetHours (knex: Knex, touched: readonly Touched[], reached: UtcTime, to: UtcTime): Promise<void> {
  await knex.transaction(async (transaction) => {
    if (await transaction('hour_counts_progress').where({ id, reached_at: reached }).update({ reached_at: to }) === 0) throw new Overtaken()
    for (let at = 0; at < touched.length; at += 100) {
      await transaction('hour_counts').where((where) => {
        for (const span of touched.slice(at, at + 100)) {
          where.orWhere((row) => {
            row.where('hour', '>=', hoursAfter(span.from, -longest)).where('until', '>', span.from)
            if (span.to !== endOfTime) row.where('hour', '<', span.to)
            if (span.userId !== everyUser) row.where('user_id', span.userId)
          })
        }
      }).delete()
    }
  })
}

/** Stores what was counted, if the batches are known up to there still; else throws Overtaken. */
export async function storeHours (knex: Knex, userId: number, hours: readonly HourCount[], reached: UtcTime): Promise<void> {
  await knex.transaction(async (transaction) => {
    if (await transaction('hour_counts_progress').where({ id, reached_at: reached }).forUpdate().first() === undefined) throw new Overtaken()
    await transaction('hour_counts').insert(hours.map(({ hour, until, counts }) => ({ user_id: userId, hour, until, ...counts })))
  })
}

/** The rows of a user that say something of a span, in order. */
async function listHours (knex: Knex, userId: number, { from, to }: Span, signal: AbortSignal): Promise<HourCount[]> {
  const rows = await dialectOf(knex).query(knex, {
    sql: `SELECT hour, until, ${severities.join(', ')} FROM hour_counts WHERE user_id = ? AND hour >= ?${to === endOfTime ? '' : ' AND hour < ?'} AND until > ? ORDER BY hour`,
    bindings: [userId, hoursAfter(hourOf(from), -longest), ...to === endOfTime ? [] : [to], from]
  }, signal)
  return rows.map(({ hour, until, ...counts }) => ({ hour, until, counts }) as HourCount)
}

/** The parts of a span of whole hours in which nothing is counted yet. */
export async function uncounted (knex: Knex, userId: number, { from, to }: Span, signal: AbortSignal): Promise<Span[]> {
  const span = { from, to: earlier(to, countable.to) }
  const hours = await listHours(knex, userId, span, signal)
  return partsOutside(span, hours.map(({ hour, until }) => ({ from: hour, to: until })))
}

/** What is known of a user's logs in a span, and where they have to be counted. */
export interface KnownHours {
  hours: HourCount[]
  rest: Array<Partial<Span>>
}

/** `reached` is how far the batches were known, before any of this is read. */
export async function knownHours (knex: Knex, userId: number, reached: UtcTime, { from = startOfTime, to = endOfTime }: Partial<Span>, signal: AbortSignal): Promise<KnownHours> {
  // First what was touched since, then what is counted: what is touched meanwhile may count or not.
  const touched = await touchedBy(knex, { from: reached }, userId, signal)
  const hours: HourCount[] = []
  const known: Span[] = []
  for (const row of await listHours(knex, userId, { from, to }, signal)) {
    const { hour, until } = row
    if (touched.some((span) => overlap(span, { from: hour, to: until }))) continue
    const next = hoursAfter(hour, 1)
    const isWhole = hour >= from && next <= to
    if (isWhole) hours.push(row)
    known.push({ from: isWhole ? hour : next, to: until })
  }
  const rest = from < to ? partsOutside({ from, to }, known) : []
  return { hours, rest: rest.map((part) => ({ from: part.from === startOfTime ? undefined : part.from, to: part.to === endOfTime ? undefined : part.to })) }
}

/**
 * Counts a user's logs in a span of whole hours, as far as is worth a transaction; `to` is where it stopped.
 * `width` is how many hours are counted at once.
 */
export async function countHours (knex: Knex, userId: number, { from, to }: Span, width: number, signal: AbortSignal): Promise<{ hours: HourCount[], to: UtcTime }> {
  const { query, conditions } = dialectOf(knex)
  const first = await firstHour(knex, userId, { from, to }, signal)
  if (first === undefined) return { hours: [], to }
  const end = earlier(hoursAfter(first, width), to)
  const bucket = conditions.bucket(3600)
  const rows = await query(knex, {
    sql: `SELECT ${bucket.sql} AS hour, log_level AS level, COUNT(*) AS count FROM user_logs WHERE user_id = ? AND log_event_at >= ? AND log_event_at < ? GROUP BY 1, 2 ORDER BY 1`,
    bindings: [...bucket.bindings, userId, first, end]
  }, signal)
  const next = await firstHour(knex, userId, { from: end, to }, signal) ?? to

  const hours: HourCount[] = []
  for (const row of rows) {
    const hour = utcTime(Number(row.hour) * 1000)
    if (hours.at(-1)?.hour !== hour) hours.push({ hour, until: next, counts: { ...none } })
    hours.at(-1)!.counts[row.level as Severity] = Number(row.count)
  }
  for (const [index, row] of hours.entries()) row.until = earlier(hours[index + 1]?.hour ?? next, hoursAfter(row.hour, longest))
  return { hours, to: end }
}

/** The hour of a user's first log in a span. */
async function firstHour (knex: Knex, userId: number, { from, to }: Span, signal: AbortSignal): Promise<UtcTime | undefined> {
  if (from >= to) return undefined
  const [row] = await dialectOf(knex).query(knex, {
    sql: 'SELECT MIN(log_event_at) AS first FROM user_logs WHERE user_id = ? AND log_event_at >= ? AND log_event_at < ?', bindings: [userId, from, to]
  }, signal)
  const first = row!.first as UtcTime | null
  return first === null ? undefined : hourOf(first)
}

const none = Object.fromEntries(severities.map((severity) => [severity, 0])) as Record<Severity, number>

function earlier (one: UtcTime, other: UtcTime): UtcTime {
  return one < other ? one : other
}
