import type { Knex } from 'knex'
import type { Connection, RowDataPacket } from 'mysql2'
import { unlessAborted } from '../../../timeout.ts'
import type { PageLimit, PageOfRows, ReadStatement } from '../dialect.ts'
import { RowPage } from '../row-bytes.js'
import { sqlOf } from '../statement.ts'
import { kill } from './control.ts'

/** A connection of the pool while work is done on it. */
interface Lent {
  connection: Connection
  /** Ends the statement under way. */
  kill: () => void
}

/**
 * Works on a connection of the pool; on abort, rejects with the signal's reason and ends the statement.
 * The connection is given back after the KILL: it must not end the statement of the next user.
 */
async function onConnection<T> (knex: Knex, signal: AbortSignal, work: (lent: Lent) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const acquiring: Promise<Connection> = knex.client.acquireConnection()
  const release = (connection: Connection) => knex.client.releaseConnection(connection)
  const connection = await unlessAborted(signal, acquiring).catch((error) => {
    acquiring.then(release, () => {})
    throw error
  })
  let killed: Promise<unknown> | undefined
  const endStatement = () => { killed ??= kill(knex, connection, 'KILL QUERY').catch(() => {}) }
  const working = work({ connection, kill: endStatement })
  signal.addEventListener('abort', endStatement, { once: true })
  working.catch(() => {}).then(() => {
    signal.removeEventListener('abort', endStatement)
    return killed
  }).then(() => release(connection), () => {})
  return unlessAborted(signal, working)
}

/** Reads all rows; see `Dialect.query`. */
export async function readAll<Row> (knex: Knex, statement: ReadStatement, signal: AbortSignal): Promise<Row[]> {
  const { sql, bindings } = sqlOf(statement)
  const [rows] = await onConnection(knex, signal, async ({ connection }) =>
    await knex.raw(sql, bindings).connection(connection))
  return rows
}

/** Reads rows up to a limit; see `Dialect.queryUpTo`. */
export function readUpTo<Row> (
  knex: Knex, statement: ReadStatement, limit: PageLimit, signal: AbortSignal
): Promise<PageOfRows<Row>> {
  const { sql, bindings } = sqlOf(statement)
  return onConnection(knex, signal, ({ connection, kill }) => new Promise((resolve, reject) => {
    const page = new RowPage<Row>(limit)
    connection.query<RowDataPacket[]>(sql, [...bindings])
      .on('result', (row) => { if (!page.isCut && !page.add(row as Row)) kill() })
      .on('error', (error) => page.isCut ? resolve(page) : reject(error))
      .on('end', () => resolve(page))
  }))
}
