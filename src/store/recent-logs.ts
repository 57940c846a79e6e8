import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { databaseNow } from './clock-doubt.ts'
import { dialectOf } from './dialects/index.ts'

/** Rows that are kept, about 150 bytes each with their index; beyond it the first to expire are deleted. */
const maxRows = 2_000_000
/** How long rows are kept after they expired: a batch that arrived before may still wait in the spool. */
const spoolMs = 60 * 60 * 1000

/** Deletes the rows of `recent_logs` that have expired, or are too many, in small steps. */
export async function forgetLogs (knex: Knex, max = maxRows): Promise<void> {
  await deleteExpired(knex, utcTime(await databaseNow(knex) - spoolMs))
  const first = await knex('recent_logs').orderBy('expires_at', 'desc').offset(max).first('expires_at')
  // Including those that expire together with the first row beyond the maximum.
  if (first) await deleteExpired(knex, utcTime(millisecondsOf(first.expires_at) + 1))
}

async function deleteExpired (knex: Knex, before: UtcTime): Promise<void> {
  const recentLogs = { table: 'recent_logs', key: ['user_id', 'log_hash'], time: 'expires_at' }
  while (await dialectOf(knex).deleteOld(knex, recentLogs, before) > 0);
}
