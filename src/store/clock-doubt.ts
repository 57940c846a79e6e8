import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { latestOf } from './batches.ts'

const dayMs = 86_400_000
/** Gap between the clock and what it is compared with, from which on nothing is deleted by it. */
const maxGapMs = 3 * dayMs
/** After a gap, time to correct a clock that leapt, before the batches since then are trusted. */
const graceMs = dayMs

/** Deletion was refused because the clock may be wrong. */
export class ClockInDoubt extends Error {
  readonly code = 'LOGGER_CLOCK_IN_DOUBT'
}

/** The time of the database's clock, in milliseconds since 1970. */
export async function databaseNow (knex: Knex): Promise<number> {
  return millisecondsOf((await latestOf(knex)).now)
}

/**
 * The reason to doubt the clock, in a sentence; undefined if there is none.
 *
 * There is none if this machine and the database agree about the time, and batches arrived recently, without a gap of
 * days just before.
 */
export async function clockDoubt (knex: Knex): Promise<string | undefined> {
  const now = await databaseNow(knex)
  const apartMs = Math.abs(Date.now() - now)
  if (apartMs > dayMs) return `this machine's clock and the database's are ${days(apartMs)} apart`

  const newest = await batchAt(knex, 'max', undefined, now + dayMs)
  if (newest === undefined) return undefined
  if (now - newest > maxGapMs) return `nothing has arrived for ${days(now - newest)}`
  const before = await batchAt(knex, 'max', undefined, now - graceMs)
  const since = await batchAt(knex, 'min', now - graceMs, now + dayMs)
  if (before !== undefined && since !== undefined && since - before > maxGapMs) {
    return `until less than a day ago nothing had arrived for ${days(since - before)}`
  }
}

/** The time of the first or last batch after `after`, up to `upTo`; all in milliseconds. */
async function batchAt (
  knex: Knex, extreme: 'min' | 'max', after: number | undefined, upTo: number
): Promise<number | undefined> {
  const batches = knex('ingest_batches').where('created_at', '<=', utcTime(upTo))
  if (after !== undefined) batches.where('created_at', '>', utcTime(after))
  const row = await batches[extreme]({ at: 'created_at' }).first()
  const at: UtcTime | null | undefined = row?.at
  return at ? millisecondsOf(at) : undefined
}

function days (milliseconds: number): string {
  return `${Math.round(milliseconds / dayMs)} days`
}
