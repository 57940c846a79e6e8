import type { Knex } from 'knex'
import { dialectOf } from '../store/dialects/index.ts'
import { deleteExpired } from './expiry.ts'

/** What one user has too much of: so many logs, all those with an id below, which are the first that arrived. */
export interface Surplus {
  userId: number
  count: number
  idBelow: bigint
}

/**
 * What is to go where there may be `rows` logs of all users. Each has an equal share, and what one leaves of it goes to the others:
 * so whoever has less than the share loses nothing, and all others come down to the same number, by arrival.
 */
export async function findSurplus (knex: Knex, rows: number, signal: AbortSignal): Promise<Surplus[]> {
  const { query } = dialectOf(knex)
  const found = await query(knex, { sql: 'SELECT user_id, COUNT(*) AS count FROM user_logs GROUP BY user_id', bindings: [] }, signal)
  const counts = found.map((row) => ({ userId: Number(row.user_id), count: Number(row.count) })).sort((one, other) => one.count - other.count)
  let left = rows
  const within = counts.findIndex(({ count }, index) => {
    if (count > left / (counts.length - index)) return true
    left -= count
    return false
  })
  if (within === -1) return []

  const over = counts.slice(within)
  const share = Math.floor(left / over.length)
  const surplus: Surplus[] = []
  for (const { userId, count } of over) {
    const [row] = await query(knex, {
      sql: `SELECT CAST(id AS CHAR) AS log_id FROM user_logs WHERE user_id = ? ORDER BY user_logs.id LIMIT 1 OFFSET ${count - share - 1}`, bindings: [userId]
    }, signal)
    // Meanwhile others may have been deleted.
    if (row !== undefined) surplus.push({ userId, count: count - share, idBelow: BigInt(row.log_id as string) + 1n })
  }
  // What can't be shared equally: the logs that arrived last stay.
  const spared = surplus.toSorted((one, other) => one.idBelow > other.idBelow ? -1 : 1).slice(0, left - share * over.length)
  return surplus.map((some) => spared.includes(some) ? { ...some, count: some.count - 1, idBelow: some.idBelow - 1n } : some)
}

/** Deletes it; each step says how many. */
export async function * deleteSurplus (knex: Knex, surplus: readonly Surplus[], signal: AbortSignal): AsyncGenerator<number> {
  for (const { userId, count, idBelow } of surplus) yield * deleteExpired(knex, { userId, idBelow }, signal, count)
}
