import type { Knex } from 'knex'
import { dialectOf } from '../store/dialects/index.ts'
import { deleteExpired } from './expiry.ts'

/** The logs of one user above the row limit: those with an id below, which arrived first. */
export interface Surplus {
  userId: number
  count: number
  idBelow: bigint
}

interface UserCount {
  userId: number
  count: number
}

/**
 * Finds the logs above the limit of `rows` logs of all users.
 * Each user has an equal share, and what one user leaves of it goes to the others. So a user with less than the share
 * loses nothing, and all others come down to the same number of logs, the newest by arrival.
 */
export async function findSurplus (knex: Knex, rows: number, signal: AbortSignal): Promise<Surplus[]> {
  const counts = await countByUser(knex, signal)
  let left = rows
  const firstAbove = counts.findIndex(({ count }, index) => {
    if (count > left / (counts.length - index)) return true
    left -= count
    return false
  })
  if (firstAbove === -1) return []

  const above = counts.slice(firstAbove)
  const share = Math.floor(left / above.length)
  const surplus: Surplus[] = []
  for (const { userId, count } of above) {
    const [row] = await dialectOf(knex).query(knex, {
      sql: `SELECT CAST(id AS CHAR) AS log_id FROM user_logs WHERE user_id = ?
        ORDER BY user_logs.id LIMIT 1 OFFSET ${count - share - 1}`,
      bindings: [userId]
    }, signal)
    // Logs may have been deleted meanwhile.
    if (row !== undefined) surplus.push({ userId, count: count - share, idBelow: BigInt(String(row.log_id)) + 1n })
  }
  // The remainder of the division: one log more for the users whose surplus arrived last.
  const byArrival = surplus.toSorted((one, other) => one.idBelow > other.idBelow ? -1 : 1)
  const spared = new Set(byArrival.slice(0, left - share * above.length))
  return surplus.map((some) => spared.has(some) ? { ...some, count: some.count - 1, idBelow: some.idBelow - 1n } : some)
}

/** Counts the logs of each user, the fewest first. */
async function countByUser (knex: Knex, signal: AbortSignal): Promise<UserCount[]> {
  const statement = { sql: 'SELECT user_id, COUNT(*) AS count FROM user_logs GROUP BY user_id', bindings: [] }
  const rows = await dialectOf(knex).query(knex, statement, signal)
  return rows
    .map((row) => ({ userId: Number(row.user_id), count: Number(row.count) }))
    .sort((one, other) => one.count - other.count)
}

/** Deletes the logs above the limit, in steps; yields the number deleted by each step. */
export async function * deleteSurplus (
  knex: Knex, surplus: readonly Surplus[], signal: AbortSignal
): AsyncGenerator<number> {
  for (const { userId, count, idBelow } of surplus) yield * deleteExpired(knex, { userId, idBelow }, signal, count)
}
