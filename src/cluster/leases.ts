import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { dialectOf } from '../store/dialects/index.ts'
import { limited, type OnConnection } from '../store/limited.ts'
import { retryConflicts } from '../store/retry.ts'

/** Another instance has the lease, and does the work. */
export class LeaseTaken extends Error {
  override message = 'another instance has the lease'
}

/** How long a lease lasts that its holder neither renews nor gives back, in seconds: it may have died. */
const standardSeconds = 60
/** A statement that takes longer is cut off. */
const statementTimeoutMs = 5000
/** Longest time for which a lease is taken: one that ends later was written by a wrong clock, and counts as free. */
const maxLeaseMs = 24 * 3_600_000

/**
 * The right to do the work of one name, which one instance at a time has.
 * It goes by the database's clock. Its epoch rises whenever it changes hands, so a holder that lost it can neither
 * renew it nor give it back.
 */
export class Lease {
  readonly #knex: Knex
  readonly #name: string
  readonly #seconds: number
  readonly #holder = randomUUID()
  /** Undefined before the lease was held for the first time. */
  #epoch: number | undefined
  /** By this process's monotonic clock. */
  #until = -Infinity

  constructor (knex: Knex, name: string, seconds = standardSeconds) {
    this.#knex = knex
    this.#name = name
    this.#seconds = seconds
  }

  /** Age at which the lease is renewed, in milliseconds: two more attempts fit into its time. */
  get renewMs (): number {
    return this.#seconds * 1000 / 3
  }

  /** Takes or renews the lease; resolves to whether this instance has it for at least two thirds of its time. */
  async hold (): Promise<boolean> {
    const now = performance.now()
    if (now < this.#until - this.#seconds * 1000 + this.renewMs) return true
    const epoch = await takeLease(this.#knex, this.#name, this.#holder, this.#seconds)
    if (epoch !== undefined) this.#epoch = epoch
    this.#until = epoch === undefined ? -Infinity : now + this.#seconds * 1000
    return epoch !== undefined
  }

  /** Gives the lease back at once, where this instance still has it. */
  async release (): Promise<void> {
    if (this.#epoch === undefined) return
    this.#until = -Infinity
    const row = { name: this.#name, holder: this.#holder, epoch: this.#epoch }
    await limited(this.#knex, statementTimeoutMs, async (on) => {
      await on(this.#knex('leases').where(row).update({ expires_at: 0 }))
    })
  }
}

/**
 * Takes a lease for `seconds` by the database's clock, or renews the holder's own.
 * Resolves to the epoch, which rises whenever the lease changes hands; undefined while another holder has it.
 * A compare-and-set, which needs nothing of the database but UPDATE.
 */
export async function takeLease (
  knex: Knex, name: string, holder: string, seconds: number
): Promise<number | undefined> {
  const { nowMs, isDuplicate } = dialectOf(knex)
  const expiry = knex.raw(`${nowMs} + ?`, [seconds * 1000])
  return retryConflicts(knex, () => limited(knex, statementTimeoutMs, async (on) => {
    const own = knex('leases').where({ name, holder }).where('expires_at', '>', 0)
    if (await on(own.update({ expires_at: expiry })) === 0) {
      const isFree = knex.raw(`(expires_at <= ${nowMs} OR expires_at > ${nowMs} + ?)`, [maxLeaseMs])
      const free = knex('leases').where({ name }).where(isFree)
      const isTaken = await on(free.update({ holder, expires_at: expiry, epoch: knex.raw('epoch + 1') })) > 0
      if (!isTaken && !await insert(on)) return undefined
    }
    const row = await on(knex('leases').select('epoch').where({ name, holder }).first())
    return row === undefined ? undefined : Number(row.epoch)
  }))

  async function insert (on: OnConnection): Promise<boolean> {
    if (await on(knex('leases').where({ name }).first())) return false
    try {
      await on(knex('leases').insert({ name, holder, expires_at: expiry, epoch: 1 }))
      return true
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }
}
