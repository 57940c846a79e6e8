// The times that logs are shown of where nobody says from when to when. Senders say when a log happened, and some
// are wrong by centuries: one log of the year 9999 must not be the newest for ever, nor one of the year 1000 make each
// interval of a histogram a century. So, as long as there are logs of about now, strays are left out, and counted:
//
//   after     what is dated more than a day ahead of the clock of what is stored
//   before    what lies behind a gap longer than all that is shown, and than a month; of everybody's logs also what
//             happened more than a month before the first user was made
//
// Whoever says from when to when finds all.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import { shift } from '../model/span.ts'
import type { Search } from '../query/search.ts'
import { findEdge } from './walk.ts'
import type { Span } from '../model/span.ts'

/** How many logs are left out at either end: counted up to `maxOutside`. */
export interface Outside {
  before: number
  after: number
}

/** What is searched; `now` is in milliseconds since 1970. */
type Asked = Pick<Search, 'userId' | 'from' | 'to'> & { now: number }

/** Left out, more than this are not counted. */
export const maxOutside = 10_000

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const monthMs = 30 * dayMs

/** Where the newest logs begin: `to` as asked for, or, where later ones are left out, a day ahead. */
export async function endOfPresent (knex: Knex, asked: Asked, signal: AbortSignal): Promise<{ to: UtcTime | undefined, after: number }> {
  const { userId, from, to, now } = asked
  const tomorrow = utcTime(now + dayMs)
  if (to !== undefined || (from !== undefined && from >= tomorrow)) return { to, after: 0 }
  const after = await countWithin(knex, userId, { sql: 'log_event_at >= ?', bindings: [tomorrow] }, signal)
  if (after === 0) return { to, after }
  const present = await findEdge(knex, { userId, from: utcTime(now - monthMs), to: tomorrow, order: 'newest' }, undefined, signal)
  return present === undefined ? { to, after: 0 } : { to: tomorrow, after }
}

/** What a histogram shows, and what is left out of it. Without logs an hour until now. */
export async function timeSpan (knex: Knex, asked: Asked, signal: AbortSignal): Promise<{ span: Span, outside: Outside }> {
  const { userId, from, now } = asked
  const { to, after } = await endOfPresent(knex, asked, signal)
  const newest = await findEdge(knex, { userId, from, to, order: 'newest' }, undefined, signal)
  const end = asked.to ?? (newest === undefined ? utcTime(now) : shift(newest, 1))
  if (from !== undefined) return { span: { from: from < end ? from : end, to: end }, outside: { before: 0, after } }

  const oldest = await findEdge(knex, { userId, to, order: 'oldest' }, undefined, signal)
  if (newest === undefined || oldest === undefined) return { span: { from: shift(end, -hourMs), to: end }, outside: { before: 0, after } }
  const isPresent = newest >= utcTime(now - monthMs) && newest < utcTime(now + dayMs)
  const start = isPresent ? await startOfPresent(knex, userId, { from: oldest, to: newest }, signal) : oldest
  const before = start === oldest ? 0 : await countWithin(knex, userId, { sql: 'log_event_at < ?', bindings: [start] }, signal)
  return { span: { from: start, to: end }, outside: { before, after } }
}

/** The first log that is shown, going back from the newest in leaps that grow with what is shown. */
async function startOfPresent (knex: Knex, userId: number | undefined, { from: oldest, to: newest }: Span, signal: AbortSignal): Promise<UtcTime> {
  let start = newest
  while (start > oldest) {
    const shown = millisecondsOf(newest) - millisecondsOf(start)
    const earlier = await findEdge(knex, { userId, from: shift(newest, -Math.max(2 * shown, monthMs)), to: start, order: 'oldest' }, undefined, signal)
    if (earlier === undefined) break
    start = earlier
  }
  if (userId !== undefined) return start
  const { made } = (await knex('users').min({ made: 'created_at' }).first())!
  const floor = shift(made, -monthMs)
  if (start >= floor || newest < floor) return start
  return await findEdge(knex, { from: floor, order: 'oldest' }, undefined, signal) ?? start
}

async function countWithin (knex: Knex, userId: number | undefined, { sql, bindings }: { sql: string, bindings: UtcTime[] }, signal: AbortSignal): Promise<number> {
  const owner = await ownedBy(knex, userId)
  const [row] = await dialectOf(knex).query(knex, {
    sql: `SELECT COUNT(*) AS count FROM (SELECT 1 FROM user_logs WHERE ${owner.sql} AND ${sql} LIMIT ${maxOutside}) AS outside`,
    bindings: [...owner.bindings, ...bindings]
  }, signal)
  return Number(row!.count)
}
