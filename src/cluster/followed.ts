// The table `followed_batches`: of the batches that a follower (the counts by the hour, the index of words) has taken in, how many
// were created within a window of time that ends where it is now. A transaction may take place after the follower has
// passed its time: its COMMIT hung for long, or its node was behind. Then there are more batches in the window than
// were taken in, and the follower goes back to where the window begins; to take in a batch again does no harm.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { sinceBatches } from '../store/batches.ts'
import { dialectOf } from '../store/dialects/index.ts'

/** The window goes back so far at least, in milliseconds, and while it has no more batches than so many, a day. */
const shortestMs = 5 * 60_000
const longestMs = 86_400_000
const manyBatches = 50_000

interface Window {
  since: UtcTime
  until: UtcTime
  batches: number
}

/** Which batches a follower takes in, as a condition of SQL. */
export interface Follower {
  name: string
  takes: string
}

/** From where on a follower that has come to `reached` has to take in what there is: from there, or from earlier on where something appeared behind it. */
export async function findGap (knex: Knex, { name, takes }: Follower, reached: UtcTime, signal: AbortSignal): Promise<{ from: UtcTime, before: Window }> {
  const window = await readWindow(knex, name)
  // It begins, or ended before it could say how far it came.
  if (window === undefined || window.until !== reached) return fromStart(window !== undefined && window.since < reached ? window.since : await firstStart(knex, reached))
  const later = laterStart(window)
  const [row] = await dialectOf(knex).query(knex, {
    sql: `SELECT COUNT(*) AS count, COUNT(CASE WHEN created_at < ? THEN 1 END) AS early FROM ingest_batches WHERE created_at >= ? AND created_at < ? AND ${takes}`,
    bindings: [later, window.since, window.until]
  }, signal)
  if (Number(row!.count) > window.batches) return fromStart(window.since)
  return { from: reached, before: { since: later, until: reached, batches: Number(row!.count) - Number(row!.early) } }
}

function fromStart (since: UtcTime): { from: UtcTime, before: Window } {
  return { from: since, before: { since, until: since, batches: 0 } }
}

/** Where the first window begins. */
async function firstStart (knex: Knex, reached: UtcTime): Promise<UtcTime> {
  return laterOf(await sinceBatches(knex, reached, manyBatches), ago(reached, longestMs))
}

/** A follower took in so many batches between the end of the window and that time. */
export async function noteFollowed (knex: Knex, { name }: Follower, before: Window, to: UtcTime, batches: number): Promise<void> {
  const row = { since_at: before.since, until_at: to, batches: before.batches + batches }
  if (await knex('followed_batches').where({ follower: name }).update(row) === 0) await knex('followed_batches').insert({ follower: name, ...row })
}

async function readWindow (knex: Knex, name: string): Promise<Window | undefined> {
  const row = await knex('followed_batches').where({ follower: name }).first()
  return row && { since: row.since_at, until: row.until_at, batches: Number(row.batches) }
}

/** Where the window may begin from now on. */
function laterStart ({ since, until, batches }: Window): UtcTime {
  return laterOf(since, ago(until, batches > manyBatches ? shortestMs : longestMs))
}

function ago (time: UtcTime, milliseconds: number): UtcTime {
  return utcTime(millisecondsOf(time) - milliseconds)
}

function laterOf (one: UtcTime, other: UtcTime): UtcTime {
  return one > other ? one : other
}
