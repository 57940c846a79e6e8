import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

/** Another instance has the lease, and does the work. */
export class LeaseTaken extends Error {
  override message = 'another instance has the lease'
}

/** Work that one instance at a time does: whoever has the lease renews it as long as there is work. */
export class Lease {
  readonly #knex: Knex
  readonly #name: string
  readonly #seconds: number
  readonly #holder = randomUUID()
  #until = 0

  /** Should its holder be gone without a word, it is free after so many seconds. */
  constructor (knex: Knex, name: string, seconds = 60) {
    this.#knex = knex
    this.#name = name
    this.#seconds = seconds
  }

  /** Whether it is ours from now on for half of its time at least; it is taken, or renewed, where it need be. */
  async hold (): Promise<boolean> {
    const now = Date.now()
    if (now < this.#until - this.#seconds * 500) return true
    const isOurs = await takeLease(this.#knex, this.#name, this.#holder, this.#seconds)
    this.#until = isOurs ? now + this.#seconds * 1000 : 0
    return isOurs
  }

  /** Lets others have it at once. */
  async release (): Promise<void> {
    this.#until = 0
    await this.#knex('leases').where({ name: this.#name, holder: this.#holder }).delete()
  }
}

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
