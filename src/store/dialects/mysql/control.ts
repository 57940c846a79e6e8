import knexFactory, { type Knex } from 'knex'
import type { Connection } from 'mysql2'
import { within } from '../../../timeout.ts'
import { sessionSettings } from './session.ts'

/** How long the database may take to end what hangs, in milliseconds. */
const killMs = 2000

/**
 * Opens a pool of one connection, with this knex's own settings, whose reads see all that was committed before them on any
 * node of a cluster. Undefined where the knex does not say how it connects.
 */
export function openMysqlControl (knex: Knex): Knex | undefined {
  const { config } = knex.client
  if (!config.connection) return undefined
  const prepare = config.pool?.afterCreate
  function afterCreate (connection: Connection, done: (error: unknown, connection: Connection) => void): void {
    const readLatest = (error: unknown) => error ? done(error, connection) : prepareControl(connection).then(() => done(undefined, connection), (error) => done(error, connection))
    if (prepare) prepare(connection, readLatest)
    else readLatest(undefined)
  }
  return knexFactory({ ...config, pool: { ...config.pool, min: 0, max: 1, afterCreate } })
}

/** Galera's and Group Replication's way to wait until this node has what was committed on the others; where there is neither, nothing. */
const causalReads: Record<string, string> = { wsrep_sync_wait: '1', group_replication_consistency: "'BEFORE'" }

async function prepareControl (connection: Connection): Promise<void> {
  // A host app's knex may leave this to the server.
  for (const sql of sessionSettings) await connection.promise().query(sql)
  const names = Object.keys(causalReads)
  const [known] = await connection.promise().query(`SHOW SESSION VARIABLES WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`)
  for (const { Variable_name: name } of known as Array<{ Variable_name: string }>) await connection.promise().query(`SET SESSION ${name} = ${causalReads[name]}`)
}

/** Ends a connection at once, and, as far as it can, what the database does on it. */
export function cutMysql (knex: Knex, connection: unknown): void {
  const { threadId } = connection as Connection
  const destroy = (connection: unknown) => (connection as Connection).destroy()
  destroy(connection)
  kill().catch(() => {})

  async function kill (): Promise<void> {
    const other = await knex.client.acquireConnection()
    try {
      await within(killMs, Promise.resolve(knex.raw('KILL ?', [threadId]).connection(other)))
    } catch {
      destroy(other)
    } finally {
      knex.client.releaseConnection(other)
    }
  }
}
