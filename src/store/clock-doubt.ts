import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { latestOf } from './batches.ts'

const day = 86_400_000
/** So far the clock may be from what it is compared with before anything is deleted by it, in milliseconds. */
const farMs = 3 * day
/** A clock that leapt may be mended for so long before what came since is believed. */
const graceMs = day

/** What must not be deleted by a clock that may be wrong. */
export class ClockInDoubt extends Error {
  readonly code = 'LOGGER_CLOCK_IN_DOUBT'
}

/** The database's clock, in milliseconds since 1970. */
export async function databaseNow (knex: Knex): Promise<number> {
  return millisecondsOf((await latestOf(knex)).now)
}

/**
 * Why the present is not to be believed, in a sentence; undefined where nothing speaks against it: this machine and the database agree
 * about it, and logs have arrived lately, without a gap of days just before.
 */
export async function clockDoubt (knex: Knex): Promise<string | undefined> {
  const now = await databaseNow(knex)
  const apart = Math.abs(Date.now() - now)
  if (apart > day) return `this machine's clock and the database's are ${days(apart)} apart`

  const newest = await batchAt(knex, 'max', undefined, now + day)
  if (newest === undefined) return undefined
  if (now - newest > farMs) return `nothing has arrived for ${days(now - newest)}`
  const before = await batchAt(knex, 'max', undefined, now - graceMs)
  const since = await batchAt(knex, 'min', now - graceMs, now + day)
  if (before !== undefined && since !== undefined && since - before > farMs) return `until less than a day ago nothing had arrived for ${days(since - before)}`
}

/** The first or last batch created after, or up to, a time. */
async function batchAt (knex: Knex, which: 'min' | 'max', after: number | undefined, upTo: number): Promise<number | undefined> {
  const row = await knex('ingest_batches').where('created_at', '<=', utcTime(upTo))
    .modify((query) => { if (after !== undefined) query.where('created_at', '>', utcTime(after)) })[which]({ at: 'created_at' }).first() as { at: UtcTime | null } | undefined
  return row?.at ? millisecondsOf(row.at) : undefined
}

function days (milliseconds: number): string {
  return `${Math.round(milliseconds / day)} days`
}
