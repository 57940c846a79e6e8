import type { Knex } from 'knex'
import type { Condition } from './dialects/dialect.ts'

/** Whose logs: one user's, or everybody's. */
export interface Owner extends Condition {
  one: boolean
}

/** Whose logs, as a condition that lets the database look at each user's part of the key. */
export async function ownedBy (knex: Knex, userId: number | undefined): Promise<Owner> {
  if (userId !== undefined) return { sql: 'user_id = ?', bindings: [userId], one: true }
  // By number: given a subquery, MySQL reads all of a user's logs, whatever else is asked of them.
  const ids = await knex('users').pluck('id')
  return { sql: `user_id IN (${ids.join(', ') || 'NULL'})`, bindings: [], one: false }
}
