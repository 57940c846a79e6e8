import type { Knex } from 'knex'
import type { UtcTime } from '../record.ts'
import { dialectOf } from './dialects/index.ts'
import { deleteExpired } from './expiry.ts'
import { usersOf } from './users.ts'

/** How many logs there are, of all users. */
export async function countAll (knex: Knex, signal: AbortSignal): Promise<number> {
  const [row] = await dialectOf(knex).query(knex, { sql: 'SELECT COUNT(*) AS count FROM user_logs', bindings: [] }, signal)
  return Number(row!.count)
}

const everyId = 2n ** 63n - 1n
/** Of each user so many are looked at to see whose are the oldest. */
const shortest = 100
const longest = 1000

/** Lets go of the oldest logs of all users, so many; each step says how many. Of the last hundred some may be a little younger than what stays. */
export async function * deleteOldest (knex: Knex, excess: number, signal: AbortSignal): AsyncGenerator<number> {
  const users = (await usersOf(knex).list()).map(({ id }) => id)
  for (let left = excess; left > 0;) {
    const until = await findOldest(knex, Math.min(Math.max(Math.ceil(left / users.length), shortest), longest), signal)
    if (until === undefined) return
    for (const userId of users) {
      for await (const count of deleteExpired(knex, { userId, until, idBelow: everyId }, signal, left)) {
        left -= count
        yield count
      }
      if (left <= 0) return
    }
  }
}

/** A time up to which there are logs, but of each user no more than so many, but for those of that very time. */
async function findOldest (knex: Knex, count: number, signal: AbortSignal): Promise<UtcTime | undefined> {
  const [row] = await dialectOf(knex).query(knex, {
    sql: `SELECT MIN(edge) AS edge FROM (
      SELECT COALESCE(
        (SELECT log_event_at FROM user_logs WHERE user_id = users.id ORDER BY log_event_at, id LIMIT 1 OFFSET ${count - 1}),
        (SELECT MAX(log_event_at) FROM user_logs WHERE user_id = users.id)
      ) AS edge FROM users) AS edges`,
    bindings: []
  }, signal)
  return row!.edge as UtcTime | null ?? undefined
}
