import { readFileSync } from 'node:fs'
import type { Knex } from 'knex'
import type { Connection as MariadbConnection } from 'mariadb'
import type { Connection, ConnectionOptions } from 'mysql2'
import type { MysqlOptions } from '../dialect.ts'
import { sessionSettings } from './session.ts'

const connectTimeoutMs = 5000
const acquireTimeoutMs = 10_000

/** Configures knex: UTC, times and 64-bit numbers as strings, strict mode, READ COMMITTED. */
export function mysqlConfig (options: MysqlOptions): Knex.Config & { userParams: { pageCompression: boolean } } {
  const { pool = 10, pageCompression = true } = options
  return {
    client: 'mysql2',
    connection: connectionConfig(options) as Knex.MySql2ConnectionConfig,
    pool: { min: 0, max: pool, afterCreate: prepareSession },
    acquireConnectionTimeout: acquireTimeoutMs,
    // An error must not quote the statement, which contains logs.
    compileSqlOnError: false,
    userParams: { pageCompression }
  }
}

/** The options that both drivers name alike. */
function loginOf ({ host, port = 3306, user, password, database = 'loggerbot' }: MysqlOptions) {
  return { host, port, user, password, database, connectTimeout: connectTimeoutMs }
}

function connectionConfig ({ ssl = false, ...options }: MysqlOptions): ConnectionOptions {
  return {
    ...loginOf(options),
    ...ssl !== false && { ssl: { ca: ssl === true ? undefined : readFileSync(ssl), verifyIdentity: true } },
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true
  }
}

type Done = (error: unknown, connection: Connection) => void

function prepareSession (connection: Connection, done: Done): void {
  connection.query(sessionSettings[0], (error) => {
    if (error) done(error, connection)
    else connection.query(sessionSettings[1], (error) => done(error, connection))
  })
}

/**
 * Opens a connection of the mariadb connector, which has the bulk protocol.
 * It is set up as knex's connections are, but without autocommit.
 */
export async function connectMariadb (options: MysqlOptions, maxAllowedPacket: number): Promise<MariadbConnection> {
  const { createConnection } = await import('mariadb')
  const { ssl = false } = options
  const connection = await createConnection({
    ...loginOf(options),
    ...ssl !== false && { ssl: { ca: ssl === true ? undefined : readFileSync(ssl, 'utf8') } },
    bulk: true,
    maxAllowedPacket
  })
  // The statement under way rejects as well.
  connection.on('error', () => {})
  await Promise.all([...sessionSettings, 'SET autocommit = 0'].map((sql) => connection.query(sql)))
  return connection
}
