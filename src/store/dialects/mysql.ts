import { readFileSync } from 'node:fs'
import type { Knex } from 'knex'
import type { Connection, ConnectionOptions } from 'mysql2'
import { codeOf } from '../../errors.ts'
import type { Dialect, MysqlOptions } from './dialect.ts'

/** How knex reaches a MySQL or MariaDB: UTC throughout, times and 64-bit numbers as strings, strict, READ COMMITTED. */
export function mysqlConfig (options: MysqlOptions): Knex.Config & { userParams: { pageCompression: boolean } } {
  const { pool = 10, pageCompression = true } = options
  return {
    client: 'mysql2',
    connection: connectionConfig(options) as Knex.MySql2ConnectionConfig,
    pool: { min: 0, max: pool, afterCreate: prepareSession },
    acquireConnectionTimeout: 10_000,
    // An error must not carry the statement with the logs in it.
    compileSqlOnError: false,
    userParams: { pageCompression }
  }
}

function connectionConfig ({ host, port = 3306, user, password, database = 'loggerbot', ssl = false }: MysqlOptions): ConnectionOptions {
  return {
    host,
    port,
    user,
    password,
    database,
    ...ssl !== false && { ssl: { ca: ssl === true ? undefined : readFileSync(ssl), verifyIdentity: true } },
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: 5000
  }
}

function prepareSession (connection: Connection, done: (error: unknown, connection: Connection) => void): void {
  connection.query("SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'", (error) => {
    if (error) done(error, connection)
    else connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', (error) => done(error, connection))
  })
}

/** A statement holds at most so many rows and, before escapes double them, so many characters: far below any `max_allowed_packet`. */
const statementRows = 1000
const statementLength = 1024 * 1024

/** Deadlocks, lock waits, lost connections, and a cluster that refuses for now (Galera, group replication, TiDB). */
const transientErrors = new Set([1213, 1205, 1180, 1047, 1053, 2006, 2013, 3100, 3101, 8002, ...Array.from({ length: 12 }, (_, i) => 9001 + i)])
const lostConnection = new Set(['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'PROTOCOL_SEQUENCE_TIMEOUT'])

export const mysql: Dialect = {
  insertBatch (knex, columns, { userId, key, createdAt, rows }) {
    return knex.transaction(async (transaction) => {
      const [result] = await transaction.raw('INSERT IGNORE INTO ingest_batches (user_id, batch_key, created_at) VALUES (?, ?, ?)', [userId, key, createdAt])
      if (result.affectedRows === 0) return
      for (const statement of statements(rows)) {
        await transaction.raw(`INSERT INTO user_logs (${columns.join(', ')}) VALUES ?`, [statement as unknown as Knex.Value])
      }
    })
  },

  async deleteBatchKeys (knex, before) {
    const [result] = await knex.raw('DELETE FROM ingest_batches WHERE created_at < ? LIMIT 2000', [before])
    return result.affectedRows
  },

  async tableOptions (knex) {
    const utf8 = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'
    if (knex.userParams?.pageCompression === false) return utf8
    const [[{ version, filePerTable }]] = await knex.raw('SELECT VERSION() AS version, @@innodb_file_per_table AS filePerTable')
    return version.includes('MariaDB') && Number(filePerTable) === 1 ? `${utf8} PAGE_COMPRESSED=1` : utf8
  },

  isDuplicate: (error) => errnoOf(error) === 1062,

  isUnreachable: (error) => lostConnection.has(codeOf(error) ?? ''),

  isTransient: (error) => transientErrors.has(errnoOf(error) ?? 0) || mysql.isUnreachable(error)
}

function * statements (rows: ReadonlyArray<readonly unknown[]>): Generator<Array<readonly unknown[]>> {
  let statement: Array<readonly unknown[]> = []
  let length = 0
  for (const row of rows) {
    const rowLength = row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0)
    if (statement.length === statementRows || (statement.length > 0 && length + rowLength > statementLength)) {
      yield statement
      statement = []
      length = 0
    }
    statement.push(row)
    length += rowLength
  }
  yield statement
}

function errnoOf (error: unknown): number | undefined {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined
}
