// Progress of a follower of the batches.
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { stampOf } from '../store/batches.ts'
import { unlessAborted } from '../timeout.ts'

/** Batches are kept for seven days: a follower that is farther behind than this has to start over. */
const maxLagMs = 6 * 86_400_000

/** Another instance has made progress meanwhile. */
export class Overtaken extends Error {
  override message = 'another instance has made progress meanwhile'
}

const never = new AbortController().signal

/** Whether all batches since a time are still kept, by the database's clock and by its newest batch. */
export async function areKnownSince (knex: Knex, reached: UtcTime, signal: AbortSignal = never): Promise<boolean> {
  return reached >= utcTime(millisecondsOf(await unlessAborted(signal, stampOf(knex))) - maxLagMs)
}
