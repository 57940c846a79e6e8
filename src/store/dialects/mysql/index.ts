import { readFileSync } from 'node:fs'
import type { Knex } from 'knex'
import type { Connection as MariadbConnection } from 'mariadb'
import type { Connection, ConnectionOptions } from 'mysql2'
import { codeOf } from '../../../errors.ts'
import { unlessAborted } from '../../../timeout.ts'
import type { Dialect, MysqlOptions, PageLimit, PageOfRows, ReadStatement } from '../dialect.ts'
import { mysqlConditions } from './conditions.ts'
import { cutMysql, openMysqlControl } from './control.ts'
import { isDuplicateEntry, lostConnection, mysqlMayPass, mysqlReason, classifyMysqlError } from './errors.ts'
import { mysqlPartitions } from './partitions.ts'
import { guardMysql, requireFitMysql, requireFitSession, sessionSettings } from './session.ts'
import { bulkSink, rowByRowSink, textSink } from './sink.ts'
import { RowPage } from '../row-bytes.js'
import { sqlOf } from '../statement.ts'

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
  connection.query(sessionSettings[0], (error) => {
    if (error) done(error, connection)
    else connection.query(sessionSettings[1], (error) => done(error, connection))
  })
}

/** A connection of the mariadb connector, which speaks the bulk protocol: as knex's connections are, but without autocommit. */
async function connectMariadb ({ host, port = 3306, user, password, database = 'loggerbot', ssl = false }: MysqlOptions, maxAllowedPacket: number): Promise<MariadbConnection> {
  const { createConnection } = await import('mariadb')
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    database,
    ...ssl !== false && { ssl: { ca: ssl === true ? undefined : readFileSync(ssl, 'utf8') } },
    bulk: true,
    maxAllowedPacket,
    connectTimeout: 5000
  })
  // Whoever uses the connection is told as well.
  connection.on('error', () => {})
  await Promise.all([...sessionSettings, 'SET autocommit = 0'].map((sql) => connection.query(sql)))
  return connection
}

/**
 * Does work on a connection of the pool; rejects with the signal's reason once it is given, and ends the statement, which `kill` does, too.
 * The connection is given back when all is over: the end of one statement must not hit whose turn is next.
 */
async function onConnection<T> (knex: Knex, signal: AbortSignal, work: (connection: Connection, kill: () => void) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const acquiring: Promise<Connection> = knex.client.acquireConnection()
  const release = (connection: Connection) => knex.client.releaseConnection(connection)
  const connection = await unlessAborted(signal, acquiring).catch((error) => {
    acquiring.then(release, () => {})
    throw error
  })
  let killed: Promise<unknown> | undefined
  const kill = () => { killed ??= Promise.resolve(knex.raw('KILL QUERY ?', [connection.threadId])).catch(() => {}) }
  const working = work(connection, kill)
  signal.addEventListener('abort', kill, { once: true })
  working.catch(() => {}).then(() => {
    signal.removeEventListener('abort', kill)
    return killed
  }).finally(() => release(connection))
  return unlessAborted(signal, working)
}

const noConnection = new Set(['ECONNREFUSED', 'ETIMEDOUT', 'PROTOCOL_SEQUENCE_TIMEOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ER_CON_COUNT_ERROR', 'ER_SERVER_OFFLINE_MODE'])
export const mysql: Dialect = {
  async openSink (knex, options) {
    const [[{ version, maxAllowedPacket }]] = await knex.raw('SELECT VERSION() AS version, @@max_allowed_packet AS maxAllowedPacket')
    const packet = Number(maxAllowedPacket)
    const way = options && 'host' in options && version.includes('MariaDB')
      ? bulkSink(() => connectMariadb(options, packet), packet)
      : textSink(knex, packet)
    return { ...way, ...rowByRowSink(knex, packet) }
  },

  requireFit: requireFitMysql,

  requireFitSession: (transaction) => requireFitSession(transaction),

  guard: guardMysql,

  async findRisks (knex) {
    const [[{ flush, binlog, syncBinlog }]] = await knex.raw(`
      SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush, @@GLOBAL.log_bin AS binlog, @@GLOBAL.sync_binlog AS syncBinlog`)
    const risks: Record<string, boolean> = {
      'innodb_flush_log_at_trx_commit is not 1: a crash of the database or a power cut can lose acknowledged logs of the last second': Number(flush) !== 1,
      'sync_binlog is not 1: after a power cut replicas can lack acknowledged logs': Number(binlog) === 1 && Number(syncBinlog) !== 1
    }
    return Object.keys(risks).filter((risk) => risks[risk])
  },

  async deleteOld (knex, { table, time }, before) {
    const [result] = await knex.raw(`DELETE FROM ${table} WHERE ${time} < ? LIMIT 2000`, [before])
    return result.affectedRows
  },

  conditions: mysqlConditions,

  // A loose index scan, which a condition on anything else than the time would prevent.
  edges: (extreme, within) => `SELECT ${extreme}(log_event_at) AS edge FROM user_logs WHERE ${within} GROUP BY user_id`,

  // An order of the key alone would be read from it, which InnoDB does a third slower backwards.
  newestFirst: 'log_event_at + INTERVAL 0 SECOND DESC, id DESC',

  readerOptions: () => undefined,

  now: 'CAST(UTC_TIMESTAMP(6) AS CHAR)',

  nowMs: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000",

  openControl: openMysqlControl,

  cut: cutMysql,

  hasManyWriters: true,

  partitions: mysqlPartitions,

  async query (knex, statement, signal) {
    const { sql, bindings } = sqlOf(statement)
    const [rows] = await onConnection(knex, signal, (connection) => Promise.resolve(knex.raw(sql, bindings).connection(connection)))
    return rows
  },

  queryUpTo<Row> (
    knex: Knex, statement: ReadStatement, limit: PageLimit, signal: AbortSignal
  ): Promise<PageOfRows<Row>> {
    const { sql, bindings } = sqlOf(statement)
    return onConnection(knex, signal, (connection, kill) => new Promise((resolve, reject) => {
      const page = new RowPage<Row>(limit)
      connection.query(sql, bindings as unknown[])
        .on('result', (row) => { if (!page.isCut && !page.add(row as Row)) kill() })
        .on('error', (error) => page.isCut ? resolve(page) : reject(error))
        .on('end', () => resolve(page))
    }))
  },

  async tableOptions (knex) {
    const utf8 = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'
    if (knex.userParams?.pageCompression === false) return utf8
    const [[{ version, filePerTable }]] = await knex.raw('SELECT VERSION() AS version, @@innodb_file_per_table AS filePerTable')
    return version.includes('MariaDB') && Number(filePerTable) === 1 ? `${utf8} PAGE_COMPRESSED=1` : utf8
  },

  isDuplicate: isDuplicateEntry,

  isUnreachable (error) {
    const code = codeOf(error) ?? ''
    return lostConnection.has(code) || noConnection.has(code)
  },

  mayPass: mysqlMayPass,

  classify: classifyMysqlError,

  reason: mysqlReason,

  keptFolder: () => undefined
}
