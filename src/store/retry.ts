import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'

const maxTries = 5
/** Longest delay before the second try, in milliseconds; it doubles with each. */
const firstDelayMs = 20

/**
 * Does work of one statement again where it was rolled back because of another's: deadlocks, and on a cluster the same row changed on
 * another node. Not where the connection was lost: then it may have taken place.
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
