// The time span that is shown where a request gives none. Senders say when a log happened, and some are wrong by
// centuries: one log of the year 9999 must not be the newest for ever, nor one of the year 1000 make each interval of a
// histogram a century. So, as long as there are logs of about now, strays are left out, and counted:
//
//   after     logs dated more than a day ahead of the clock of the stored logs
//   before    logs behind a gap that is longer than all that is shown, and than a month; of all users' logs also those
//             of more than a month before the first user was created
//
// A request that gives `from` and `to` finds all logs between them.
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { shift, type Span } from '../model/span.ts'
import type { FrozenView, SearchScope } from '../query/search.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import type { Reader } from '../store/reader.ts'
import { viewCondition } from './view.ts'
import { findFirstTime } from './windows.ts'

/** Numbers of logs that are left out at either end, each counted up to `maxOutside`. */
export interface Outside {
  before: number
  after: number
}

/** What a request searches; now is the time of its view. */
type Requested = Pick<SearchScope, 'userId' | 'from' | 'to'> & { view: FrozenView }

/** Counting more would take long, and nobody needs the exact number. */
export const maxOutside = 10_000

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const monthMs = 30 * dayMs

/** The upper bound of the newest logs: the requested one, or, where strays are left out, a day ahead. */
export async function endOfPresent (
  reader: Reader, { userId, from, to, view }: Requested
): Promise<{ to: UtcTime | undefined, after: number }> {
  const now = millisecondsOf(view.asOf)
  const tomorrow = utcTime(now + dayMs)
  if (to !== undefined || (from !== undefined && from >= tomorrow)) return { to, after: 0 }
  const after = await countWithin(reader, { userId, view }, { sql: 'log_event_at >= ?', bindings: [tomorrow] })
  if (after === 0) return { to, after }
  const month = { userId, from: utcTime(now - monthMs), to: tomorrow, order: 'newest' } as const
  return await findFirstTime(reader, month) === undefined ? { to, after: 0 } : { to: tomorrow, after }
}

/** The span that a histogram shows, and the logs outside of it. Without logs: the last hour. */
export async function timeSpan (reader: Reader, requested: Requested): Promise<{ span: Span, outside: Outside }> {
  const { userId, from, view } = requested
  const now = millisecondsOf(view.asOf)
  const { to, after } = await endOfPresent(reader, requested)
  const newest = await findFirstTime(reader, { userId, from, to, order: 'newest' })
  const end = requested.to ?? (newest === undefined ? utcTime(now) : shift(newest, 1))
  if (from !== undefined) return { span: { from: from < end ? from : end, to: end }, outside: { before: 0, after } }

  const oldest = await findFirstTime(reader, { userId, to, order: 'oldest' })
  if (newest === undefined || oldest === undefined) {
    return { span: { from: shift(end, -hourMs), to: end }, outside: { before: 0, after } }
  }
  const isPresent = newest >= utcTime(now - monthMs) && newest < utcTime(now + dayMs)
  const start = isPresent ? await startOfPresent(reader, userId, { from: oldest, to: newest }) : oldest
  if (start === oldest) return { span: { from: start, to: end }, outside: { before: 0, after } }
  const before = await countWithin(reader, { userId, view }, { sql: 'log_event_at < ?', bindings: [start] })
  return { span: { from: start, to: end }, outside: { before, after } }
}

/** The first log to show, searched back from the newest in leaps that grow with the span shown. */
async function startOfPresent (
  reader: Reader, userId: number | undefined, { from: oldest, to: newest }: Span
): Promise<UtcTime> {
  let start = newest
  while (start > oldest) {
    const shownMs = millisecondsOf(newest) - millisecondsOf(start)
    const leap = { from: shift(newest, -Math.max(2 * shownMs, monthMs)), to: start }
    const earlier = await findFirstTime(reader, { ...leap, userId, order: 'oldest' })
    if (earlier === undefined) break
    start = earlier
  }
  return userId === undefined ? await startSinceFirstUser(reader, start, newest) : start
}

/** The first of all users' logs to show: not more than a month before the first user was created. */
async function startSinceFirstUser (reader: Reader, start: UtcTime, newest: UtcTime): Promise<UtcTime> {
  const first = await reader.knex('users').min({ createdAt: 'created_at' }).first()
  if (first?.createdAt === undefined || first.createdAt === null) return start
  const floor = shift(first.createdAt, -monthMs)
  if (start >= floor || newest < floor) return start
  return await findFirstTime(reader, { from: floor, order: 'oldest' }) ?? start
}

async function countWithin (
  { knex, signal }: Reader, { userId, view }: Pick<Requested, 'userId' | 'view'>, time: Condition
): Promise<number> {
  const logs = knex('user_logs').select(knex.raw('1'))
  for (const { sql, bindings } of [await ownedBy(knex, userId), time, ...viewCondition(view)]) {
    logs.whereRaw(sql, bindings)
  }
  const statement = knex.from(logs.limit(maxOutside).as('outside')).count({ count: '*' })
  const [row] = await dialectOf(knex).query<{ count: number | string }>(knex, statement, signal)
  return Number(row?.count)
}
