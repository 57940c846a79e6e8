import type { Knex } from 'knex'
import type { Condition } from './dialects/dialect.ts'

/** The condition that selects the logs of one user, or of all. */
export interface Owner extends Condition {
  /** Whether it is one user. */
  one: boolean
}

/** Selects the logs of one user, or of all users by their parts of the key. */
export async function ownedBy (knex: Knex, userId: number | undefined): Promise<Owner> {
  if (userId !== undefined) return { sql: 'user_id = ?', bindings: [userId], one: true }
  // By their ids: with a subquery, MySQL reads all logs of each user, whatever the other conditions.
  const ids = await knex('users').pluck('id')
  return { sql: `user_id IN (${ids.join(', ') || 'NULL'})`, bindings: [], one: false }
}
