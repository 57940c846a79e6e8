import type { Knex } from 'knex'
import { within } from '../timeout.ts'
import { dialectOf } from './dialects/index.ts'

/** Runs a statement on the connection of the work. */
export type OnConnection = <Q extends Knex.QueryBuilder | Knex.Raw>(statement: Q) => Q

/**
 * Works on one connection, and closes it if the work takes longer than `limitMs`.
 * So if the database hangs, only this connection of the pool waits for it, and only that long.
 */
export async function limited<T> (
  knex: Knex, limitMs: number, work: (on: OnConnection, connection: unknown) => Promise<T>
): Promise<T> {
  const deadline = performance.now() + limitMs
  const acquiring: Promise<unknown> = knex.client.acquireConnection()
  const release = (connection: unknown) => knex.client.releaseConnection(connection)
  const connection = await within(limitMs, acquiring).catch((error) => {
    acquiring.then(release, () => {})
    throw error
  })
  const progress = { isOver: false }
  const on: OnConnection = (statement) => {
    statement.connection(connection)
    return statement
  }
  const working = work(on, connection).finally(() => { progress.isOver = true })
  try {
    return await within(Math.max(1, deadline - performance.now()), working)
  } finally {
    if (!progress.isOver) dialectOf(knex).cut(knex, connection)
    release(connection)
  }
}
