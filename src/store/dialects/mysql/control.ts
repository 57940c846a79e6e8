import knexFactory, { type Knex } from 'knex'
import type { Connection, RowDataPacket } from 'mysql2'
import { within } from '../../../timeout.ts'
import { hostOf } from './config.ts'
import { nameOf } from './host-list.ts'
import { sessionSettings } from './session.ts'

/** How long the database may take to end a connection that hangs. */
const killTimeoutMs = 2000

type Done = (error: unknown, connection: Connection) => void

/**
 * Opens a pool of one connection, with this knex's settings; undefined if the knex does not say how it connects.
 * On any node of a cluster, its reads see everything that was committed before them.
 */
export function openMysqlControl (knex: Knex): Knex | undefined {
  const { config } = knex.client
  if (!config.connection) return undefined
  const prepare = config.pool?.afterCreate
  function afterCreate (connection: Connection, done: Done): void {
    const finish = (error: unknown) => {
      if (error) return done(error, connection)
      prepareControl(connection).then(() => done(undefined, connection), (error) => done(error, connection))
    }
    if (prepare) prepare(connection, finish)
    else finish(undefined)
  }
  return knexFactory({ ...config, pool: { ...config.pool, min: 0, max: 1, afterCreate } })
}

/**
 * Settings with which a read waits until this node has the commits of the others: Galera's and Group Replication's.
 * A server without a cluster has neither.
 */
const causalReads = { wsrep_sync_wait: '1', group_replication_consistency: "'BEFORE'" }

async function prepareControl (connection: Connection): Promise<void> {
  const query = (sql: string) => connection.promise().query<RowDataPacket[]>(sql)
  // A host app's knex may leave these to the server.
  for (const sql of sessionSettings) await query(sql)
  const names = Object.keys(causalReads).map((name) => `'${name}'`).join(', ')
  const [rows] = await query(`SHOW SESSION VARIABLES WHERE Variable_name IN (${names})`)
  const known = new Set(rows.map(({ Variable_name: name }) => name))
  for (const [name, value] of Object.entries(causalReads)) {
    if (known.has(name)) await query(`SET SESSION ${name} = ${value}`)
  }
}

/** Closes a connection at once, and tries to end what the database does for it. */
export function cutMysql (knex: Knex, connection: Connection): void {
  connection.destroy()
  kill(knex, connection, 'KILL').catch(() => {})
}

/** Ends a connection, or the statement under way on it, by another connection to the same server. */
export async function kill (knex: Knex, connection: Connection, what: 'KILL' | 'KILL QUERY'): Promise<void> {
  const other: Connection = await knex.client.acquireConnection()
  try {
    // On another server, that number is the connection of somebody else.
    if (nameOf(hostOf(other)) !== nameOf(hostOf(connection))) return
    await within(killTimeoutMs, Promise.resolve(knex.raw(`${what} ?`, [connection.threadId]).connection(other)))
  } catch {
    other.destroy()
  } finally {
    knex.client.releaseConnection(other)
  }
}
