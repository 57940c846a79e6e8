import type { Knex } from 'knex'
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import { dialectOf } from '../store/dialects/index.ts'

/** An instance that shares the database. */
export interface Member {
  id: string
  /** Seconds since it announced itself, by the database's clock. */
  seenSecondsAgo: number
}

/** An instance that was not seen for this long is gone. */
const goneSeconds = 60

/** Lists the instances that announced themselves lately; none on an embedded database, which has one. */
export async function listMembers (knex: Knex): Promise<Member[]> {
  const rows = await knex('instances').select('id', 'seen_at', knex.raw(`${dialectOf(knex).nowMs} AS now_ms`))
  const secondsSince = (now: unknown, seen: UtcTime) => Math.round((Number(now) - millisecondsOf(seen)) / 1000)
  return rows
    .map((row) => ({ id: row.id, seenSecondsAgo: secondsSince(row.now_ms, row.seen_at) }))
    .filter(({ seenSecondsAgo }) => seenSecondsAgo < goneSeconds)
}
