import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { databaseNow } from './clock-doubt.ts'
import { dialectOf } from './dialects/index.ts'

/** Rows that stay at most, about 150 bytes each with their index: past that the first to expire go. */
const maxRows = 2_000_000
/** How long rows outlive their window: a batch that came within it may still wait in the spool. */
const spoolMs = 60 * 60 * 1000

/** Deletes the rows of `recent_logs` that have expired, or are too many, in small steps. */
export async function forgetLogs (knex: Knex, max = maxRows): Promise<void> {
  await forget(knex, utcTime(await databaseNow(knex) - spoolMs))
  const first = await knex('recent_logs').orderBy('expires_at', 'desc').offset(max).first('expires_at')
  // Those that expire with the first one that is too many go, too.
  if (first) await forget(knex, utcTime(millisecondsOf(first.expires_at) + 1))
}

async function forget (knex: Knex, before: UtcTime): Promise<void> {
  while (await dialectOf(knex).deleteOld(knex, { table: 'recent_logs', key: ['user_id', 'log_hash'], time: 'expires_at' }, before) > 0);
}
