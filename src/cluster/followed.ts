// The table `followed_batches`: for each follower of the batches (the word index, the hour counts), the number of
// batches it has processed that were created within a window of time, which ends at the follower's position.
//
// A transaction may commit after the follower has passed its time: its COMMIT hung, or its node was behind. Then the
// window holds more batches than were processed, and the follower goes back to the start of the window. Processing a
// batch twice does no harm.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { sinceBatches } from '../store/batches.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Reader } from '../store/reader.ts'

/** Length of the window, in milliseconds: the minimum, and the maximum while it has at most `maxWindowBatches`. */
const minWindowMs = 5 * 60_000
const maxWindowMs = 86_400_000
const maxWindowBatches = 50_000

/** Half-open interval [since, until) of creation times, and the number of its batches that were processed. */
interface Window {
  since: UtcTime
  until: UtcTime
  batches: number
}

/** A consumer of the batches. */
export interface Follower {
  name: string
  /** SQL condition on the rows of `ingest_batches` that it processes. */
  takes: string
}

/** The time from which a follower continues, and its window up to there. */
export interface Gap {
  from: UtcTime
  before: Window
}

/** Finds where a follower at `reached` continues: there, or earlier where a batch appeared behind it. */
export async function findGap ({ knex, signal }: Reader, { name, takes }: Follower, reached: UtcTime): Promise<Gap> {
  const window = await readWindow(knex, name)
  // The follower is new, or ended before it could write its window.
  if (window === undefined || window.until !== reached) {
    return startAt(window !== undefined && window.since < reached ? window.since : await firstStart(knex, reached))
  }
  const later = laterStart(window)
  const [row] = await dialectOf(knex).query(knex, {
    sql: `SELECT COUNT(*) AS count, COUNT(CASE WHEN created_at < ? THEN 1 END) AS early FROM ingest_batches
      WHERE created_at >= ? AND created_at < ? AND ${takes}`,
    bindings: [later, window.since, window.until]
  }, signal)
  const count = Number(row?.count)
  if (count > window.batches) return startAt(window.since)
  return { from: reached, before: { since: later, until: reached, batches: count - Number(row?.early) } }
}

function startAt (since: UtcTime): Gap {
  return { from: since, before: { since, until: since, batches: 0 } }
}

/** Start of the first window. */
async function firstStart (knex: Knex, reached: UtcTime): Promise<UtcTime> {
  return laterOf(await sinceBatches(knex, reached, maxWindowBatches), ago(reached, maxWindowMs))
}

/** Extends the window of a follower, which processed `batches` between the end of the window and `to`. */
export async function noteFollowed (
  knex: Knex, { name }: Follower, before: Window, { to, batches }: { to: UtcTime, batches: number }
): Promise<void> {
  const row = { since_at: before.since, until_at: to, batches: before.batches + batches }
  const isKnown = await knex('followed_batches').where({ follower: name }).update(row) > 0
  if (!isKnown) await knex('followed_batches').insert({ follower: name, ...row })
}

async function readWindow (knex: Knex, name: string): Promise<Window | undefined> {
  const row = await knex('followed_batches').where({ follower: name }).first()
  return row && { since: row.since_at, until: row.until_at, batches: Number(row.batches) }
}

/** Start of the next window. */
function laterStart ({ since, until, batches }: Window): UtcTime {
  return laterOf(since, ago(until, batches > maxWindowBatches ? minWindowMs : maxWindowMs))
}

function ago (time: UtcTime, milliseconds: number): UtcTime {
  return utcTime(millisecondsOf(time) - milliseconds)
}

function laterOf (one: UtcTime, other: UtcTime): UtcTime {
  return one > other ? one : other
}
