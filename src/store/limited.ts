import type { Knex } from 'knex'
import { dialectOf } from './dialects/index.ts'
import { within } from '../timeout.ts'

/** Puts a statement on the connection that the work has. */
export type OnConnection = <Q extends Knex.QueryBuilder | Knex.Raw>(statement: Q) => Q

/**
 * Does work on one connection, and cuts that where it takes more than `limitMs`: so however the database hangs, no more than this one
 * connection of the pool waits for it, and for no longer.
 */
export async function limited<T> (knex: Knex, limitMs: number, work: (on: OnConnection, connection: unknown) => Promise<T>): Promise<T> {
  const deadline = performance.now() + limitMs
  const acquiring: Promise<unknown> = knex.client.acquireConnection()
  const release = (connection: unknown) => knex.client.releaseConnection(connection)
  const connection = await within(limitMs, acquiring).catch((error) => {
    acquiring.then(release, () => {})
    throw error
  })
  let isOver = false
  const working = work((statement) => statement.connection(connection) as typeof statement, connection).finally(() => { isOver = true })
  try {
    return await within(Math.max(1, deadline - performance.now()), working)
  } finally {
    if (!isOver) dialectOf(knex).cut(knex, connection)
    release(connection)
  }
}
