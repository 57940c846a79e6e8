import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

const maxTries = 5
/** Bound of the random delay before a retry; it doubles with each try. */
const firstDelayMs = 20

/** Runs a transaction, and repeats it as a whole if the database rolled it back in favour of another. */
export function transact<T> (knex: Knex, work: (transaction: Knex.Transaction) => Promise<T>): Promise<T> {
  return retryConflicts(knex, () => knex.transaction(work))
}

/**
 * Retries a single statement that was rolled back in favour of another: a deadlock, or, on a cluster, a row that was
 * changed on another node. Not if the connection was lost: the statement may then have been executed.
 */
export async function retryConflicts<T> (knex: Knex, work: () => Promise<T>): Promise<T> {
  const { isUnreachable, classify } = dialectOf(knex)
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === maxTries || isUnreachable(error) || classify(error) !== 'passing') throw error
      await delay(Math.random() * firstDelayMs * 2 ** tries)
    }
  }
}
