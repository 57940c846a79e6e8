// What the batches say of the hours that changed.
import { startOfTime, hourOf, hoursAfter, type Span } from '../model/span.ts'
import type { UtcTime } from '../model/instant.ts'
import type { Follower } from '../cluster/followed.ts'
import { everyUser, timesOfBatches } from '../store/batches.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import type { Reader } from '../store/reader.ts'

/** Whole hours of a user that changed; `everyUser`: of all users. */
export interface Touched extends Span {
  userId: number
}

/** All hours of all times except the last one, after which there is no other. */
export const countable: Span = { from: startOfTime, to: '9999-12-31 23:00:00.000000' }

/** The hour counts as a follower of the batches: those that say which hours they changed. */
export const hoursFollower: Follower = { name: 'hour-counts', takes: 'first_at IS NOT NULL' }

/** Finds the hours that batches created in a span changed, of one user or of all; hours that are close are one span. */
export async function findTouched (
  { knex, signal }: Reader, created: { from: UtcTime, to?: UtcTime }, userId?: number
): Promise<Array<Touched & { batches: number }>> {
  const conditions: Condition[] = [
    { sql: `${hoursFollower.takes} AND created_at >= ?`, bindings: [created.from] },
    ...created.to === undefined ? [] : [{ sql: 'created_at < ?', bindings: [created.to] }],
    ...userId === undefined ? [] : [{ sql: 'user_id IN (?, ?)', bindings: [everyUser, userId] }]
  ]
  const times = timesOfBatches(knex, {
    sql: conditions.map(({ sql }) => sql).join(' AND '),
    bindings: conditions.flatMap(({ bindings }) => bindings)
  })
  const rows = await dialectOf(knex).query(knex, {
    sql: `SELECT user_id, MIN(first_at) AS first_at, MAX(last_at) AS last_at, SUM(batches) AS batches
      FROM (${times.sql}) AS times GROUP BY user_id, SUBSTR(first_at, 1, 13)`,
    bindings: times.bindings
  }, signal)
  return rows.map(toTouched)
}

function toTouched (row: Record<string, unknown>): Touched & { batches: number } {
  return {
    userId: Number(row.user_id),
    from: hourOf(String(row.first_at)),
    to: hoursAfter(hourOf(String(row.last_at)), 1),
    batches: Number(row.batches)
  }
}
