// The tables `hour_counts` and `hour_counts_progress`: how many logs of each severity a user has in an hour, counted
// behind the writer, so that a histogram of months takes milliseconds.
//
//   stored or deleted     a batch in `ingest_batches` says which hours change; a deletion is announced there before it
//                         happens, as a batch without logs
//   changed lately        a stored count of an hour that a batch since `reached_at` changed is not used: it is counted
//   `reached_at` rises    stored counts of hours that changed until then are deleted in the same transaction
//   quiet for a while     hours without a row are counted, and get one
//
// So a stored count is only used if no later batch changed its hour. After a change of `user_logs` by SQL,
// `hour_counts` must be emptied. Progress is a compare-and-set: a holder that lost its lease writes nothing.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import { severities, type Severity } from '../model/record.ts'
import { endOfTime, hourOf, hoursAfter, merged, partsOutside, startOfTime, type Span } from '../model/span.ts'
import { areKnownSince, Overtaken } from '../cluster/progress.ts'
import { everyUser } from '../store/batches.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { transact } from '../store/retry.ts'
import type { Reader } from '../store/reader.ts'
import { countable, findTouched, type Touched } from './batches.ts'

/** The logs of an hour; in the hours after it, up to `until`, there are none. */
export interface HourCount {
  hour: UtcTime
  until: UtcTime
  counts: Record<Severity, number>
}

/** No row covers more hours than this, so that the rows that cover a time are found by the key. */
export const maxRowHours = 24

/** Spans whose counts one statement deletes. */
const spansPerDelete = 100

/** `id` of the only row of `hour_counts_progress`. */
const id = 1

async function readReached (knex: Knex): Promise<UtcTime | undefined> {
  return (await knex('hour_counts_progress').where({ id }).first())?.reached_at
}

/** Time up to which the batches were followed; undefined where nothing is counted, or that is too far behind. */
export async function hoursReached (knex: Knex): Promise<UtcTime | undefined> {
  const reached = await readReached(knex)
  return reached !== undefined && await areKnownSince(knex, reached) ? reached : undefined
}

/** Starts the counts over, where `hoursReached` is undefined. Throws Overtaken where another instance does so. */
export async function beginHours (knex: Knex, from: UtcTime): Promise<void> {
  const reached = await readReached(knex)
  if (reached !== undefined) {
    if (await areKnownSince(knex, reached)) throw new Overtaken()
    if (await knex('hour_counts_progress').where({ id, reached_at: reached }).delete() === 0) throw new Overtaken()
  }
  // From the counts themselves: a host app's users need not be in the table of users.
  const userIds: number[] = await knex('hour_counts').distinct('user_id').pluck('user_id')
  for (const userId of userIds) await knex('hour_counts').where('user_id', userId).delete()
  try {
    await knex('hour_counts_progress').insert({ id, reached_at: from })
  } catch (error) {
    throw dialectOf(knex).isDuplicate(error) ? new Overtaken() : error
  }
}

/** Advances the progress over a span, and deletes the counts of hours that changed in it. Throws Overtaken. */
export async function forgetHours (knex: Knex, touched: readonly Touched[], { from, to }: Span): Promise<void> {
  await transact(knex, async (transaction) => {
    const progress = transaction('hour_counts_progress').where({ id, reached_at: from })
    if (await progress.update({ reached_at: to }) === 0) throw new Overtaken()
    for (let at = 0; at < touched.length; at += spansPerDelete) {
      const some = touched.slice(at, at + spansPerDelete)
      await transaction('hour_counts').where((where) => {
        for (const span of some) where.orWhere((row) => whereCovers(row, span))
      }).delete()
    }
  })
}

/** Restricts a query to the rows that cover a part of the span. */
function whereCovers (query: Knex.QueryBuilder, { userId, from, to }: Touched): void {
  query.where('hour', '>=', hoursAfter(from, -maxRowHours)).where('until', '>', from)
  if (to !== endOfTime) query.where('hour', '<', to)
  if (userId !== everyUser) query.where('user_id', userId)
}

/** Stores the counts of a user, if the batches are still followed up to `reached`; else throws Overtaken. */
export async function storeHours (
  knex: Knex, userId: number, hours: readonly HourCount[], reached: UtcTime
): Promise<void> {
  await transact(knex, async (transaction) => {
    const progress = transaction('hour_counts_progress').where({ id, reached_at: reached }).forUpdate().first()
    if (await progress === undefined) throw new Overtaken()
    const rows = hours.map(({ hour, until, counts }) => ({ user_id: userId, hour, until, ...counts }))
    await transaction('hour_counts').insert(rows)
  })
}

/** Lists the counts of a user that cover a part of the span, in order. */
async function listHours ({ knex, signal }: Reader, userId: number, { from, to }: Span): Promise<HourCount[]> {
  const end = to === endOfTime ? { sql: '', bindings: [] } : { sql: 'AND hour < ?', bindings: [to] }
  const rows = await dialectOf(knex).query(knex, {
    sql: `SELECT hour, until, ${severities.join(', ')} FROM hour_counts
      WHERE user_id = ? AND hour >= ? ${end.sql} AND until > ? ORDER BY hour`,
    bindings: [userId, hoursAfter(hourOf(from), -maxRowHours), ...end.bindings, from]
  }, signal)
  return rows.map(toHourCount)
}

function toHourCount (row: Record<string, unknown>): HourCount {
  const counts = noLogs()
  for (const severity of severities) counts[severity] = Number(row[severity])
  return { hour: String(row.hour), until: String(row.until), counts }
}

export function noLogs (): HourCount['counts'] {
  return { debug: 0, info: 0, warning: 0, error: 0, critical: 0 }
}

/** The parts of a span of whole hours that have no counts yet. */
export async function findUncounted (reader: Reader, { userId, from, to }: Touched): Promise<Span[]> {
  const span = { from, to: to < countable.to ? to : countable.to }
  const hours = await listHours(reader, userId, span)
  return partsOutside([span], hours.map(({ hour, until }) => ({ from: hour, to: until })))
}

/** The counts of a user in a span, and the rest of the span, which must be counted. */
export interface KnownHours {
  hours: HourCount[]
  rest: Array<Partial<Span>>
}

/** Reads the counts of a user in a span; `reached` was read before. */
export async function knownHours (
  reader: Reader, userId: number, reached: UtcTime, { from = startOfTime, to = endOfTime }: Partial<Span>
): Promise<KnownHours> {
  // The batches are read before the counts: an hour that changes meanwhile may count or not.
  const touched = merged(await findTouched(reader, { from: reached }, userId))
  let next = 0
  const hours: HourCount[] = []
  const known: Span[] = []
  for (const row of await listHours(reader, userId, { from, to })) {
    const { hour, until } = row
    while ((touched[next]?.to ?? endOfTime) <= hour) next++
    if ((touched[next]?.from ?? endOfTime) < until) continue
    const end = hoursAfter(hour, 1)
    const isWhole = hour >= from && end <= to
    if (isWhole) hours.push(row)
    known.push({ from: isWhole ? hour : end, to: until })
  }
  const rest = from < to ? partsOutside([{ from, to }], known) : []
  return { hours, rest: rest.map(toOpen) }
}

/** A span without the ends that are no bounds. */
function toOpen ({ from, to }: Span): Partial<Span> {
  return { from: from === startOfTime ? undefined : from, to: to === endOfTime ? undefined : to }
}
