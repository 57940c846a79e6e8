import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { dialectOf } from '../store/dialects/index.ts'
import { limited, type OnConnection } from '../store/limited.ts'
import { retryConflicts } from '../store/retry.ts'

/** Another instance has the lease, and does the work. */
export class LeaseTaken extends Error {
  override message = 'another instance has the lease'
}

/** A statement that takes longer is cut off. */
const limitMs = 5000
/** Nobody takes a lease for longer: one that ends later was written by a clock that was wrong. */
const longestMs = 24 * 3_600_000

/** Work that one instance at a time does: whoever has the lease renews it as long as there is work. */
export class Lease {
  readonly #knex: Knex
  readonly #name: string
  readonly #seconds: number
  readonly #holder = randomUUID()
  #epoch = 0
  /** By this process's steady clock. */
  #until = -Infinity

  /** Should its holder be gone without a word, it is free after so many seconds. */
  constructor (knex: Knex, name: string, seconds = 60) {
    this.#knex = knex
    this.#name = name
    this.#seconds = seconds
  }

  /** Whether it is ours from now on for half of its time at least; it is taken, or renewed, where it need be. */
  async hold (): Promise<boolean> {
    const now = performance.now()
    if (now < this.#until - this.#seconds * 500) return true
    const epoch = await takeLease(this.#knex, this.#name, this.#holder, this.#seconds)
    this.#epoch = epoch ?? 0
    this.#until = epoch === undefined ? -Infinity : now + this.#seconds * 1000
    return epoch !== undefined
  }

  /** Lets others have it at once, where it is ours still. */
  async release (): Promise<void> {
    this.#until = -Infinity
    await limited(this.#knex, limitMs, async (on) => {
      await on(this.#knex('leases').where({ name: this.#name, holder: this.#holder, epoch: this.#epoch }).update({ expires_at: 0 }))
    })
  }
}

/**
 * Takes a lease, or renews one's own, by the database's clock: the work of that name is the holder's for so many seconds.
 * Resolves to the lease's epoch, which rises whenever it changes hands; undefined while it is another's. By compare and set, so
 * that it needs nothing of the database but an UPDATE.
 */
export async function takeLease (knex: Knex, name: string, holder: string, seconds: number): Promise<number | undefined> {
  const { nowMs, isDuplicate } = dialectOf(knex)
  const expiry = knex.raw(`${nowMs} + ?`, [seconds * 1000])
  return retryConflicts(knex, () => limited(knex, limitMs, async (on) => {
    const isMine = await on(knex('leases').where({ name, holder }).where('expires_at', '>', 0).update({ expires_at: expiry })) > 0
    if (!isMine) {
      const free = knex.raw(`(expires_at <= ${nowMs} OR expires_at > ${nowMs} + ?)`, [longestMs])
      const isTaken = await on(knex('leases').where({ name }).where(free).update({ holder, expires_at: expiry, epoch: knex.raw('epoch + 1') })) > 0
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
