import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

/**
 * Takes a lease, or renews one's own: the work of that name is the holder's for so many seconds.
 * False while it is another's. By compare and set, so that it needs nothing of the database but an UPDATE.
 */
export async function takeLease (knex: Knex, name: string, holder: string, seconds: number): Promise<boolean> {
  const now = Date.now()
  const lease = { holder, expires_at: now + seconds * 1000 }
  const free = (query: Knex.QueryBuilder) => query.where('holder', holder).orWhere('expires_at', '<=', now)
  if (await knex('leases').where('name', name).where(free).update(lease) > 0) return true
  if (await knex('leases').where('name', name).first()) return false
  try {
    await knex('leases').insert({ name, ...lease })
    return true
  } catch (error) {
    if (dialectOf(knex).isDuplicate(error)) return false
    throw error
  }
}

/** Lets others have it at once. */
export async function releaseLease (knex: Knex, name: string, holder: string): Promise<void> {
  await knex('leases').where({ name, holder }).delete()
}
