import { execFile } from 'node:child_process'
import { scryptSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { sqliteDriver } from '../src/sqlite.ts'
import type { ServerAccess } from '../test/helpers/servers.ts'
import { digestOf } from '../src/authenticate/token.ts'
import { corpusToken, corpusUser } from './corpus.ts'
import type { BenchDatabase } from './subjects.ts'
import { cleanEnvironment, serveFile } from './service.ts'

/** As durable as in production, and large enough for a benchmark. */
export const serverFlags = ['--innodb-flush-log-at-trx-commit=1', '--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M']

/** The same for MySQL, which loads files of clients only if it is told to. */
export const mysqlFlags = ['--innodb-flush-log-at-trx-commit=1', '--innodb-buffer-pool-size=1G', '--innodb-redo-log-capacity=1G', '--local-infile=ON']

/** Describes the server: version, durability, buffer pool. */
export async function describeServer ({ host, port, user, password }: ServerAccess): Promise<string> {
  const connection = await mysql.createConnection({ host, port, user, password })
  const [[row]] = await connection.query<RowDataPacket[]>(`SELECT VERSION() AS version, @@innodb_flush_log_at_trx_commit AS flush,
    @@innodb_buffer_pool_size DIV 1048576 AS pool, @@sync_binlog AS sync, @@log_bin AS binlog`)
  await connection.end()
  return `${row!.version}, innodb_flush_log_at_trx_commit ${row!.flush}, binary log ${row!.binlog ? `on, sync_binlog ${row!.sync}` : 'off'}, buffer pool ${row!.pool} MB`
}

let made = 0

/** A new database with the service's tables and users 1 to `users`. */
export async function makeMysql (server: ServerAccess, { pageCompression = false, users = 1 } = {}): Promise<BenchDatabase & { name: string }> {
  const { host, port, user, password } = server
  const made = await makeEmptyMysql(server)
  const environment = {
    LOGGER_DB_HOST: host,
    LOGGER_DB_PORT: String(port),
    LOGGER_DB_USER: user,
    LOGGER_DB_PASSWORD: password,
    LOGGER_DB_NAME: made.name,
    LOGGER_DB_PAGE_COMPRESSION: String(pageCompression)
  }
  await migrate(environment)
  await made.connection.query('INSERT INTO users (id, username, tel_id, credential, created_at) VALUES ?', [userRows(users)])
  await made.connection.query("INSERT INTO tokens (user_id, name, token_hash, scopes, created_at) VALUES (1, 'bench', ?, 'write', UTC_TIMESTAMP())", [digestOf(corpusToken)])
  return { ...made, environment }
}

/** A new database without tables, or an SQLite file in the folder; a yardstick creates its own. */
export function makeForYardstick (
  server: ServerAccess | undefined, folder: string
): Promise<BenchDatabase & { addUser: () => Promise<void> }> {
  return server ? makeEmptyMysql(server) : openSqlite(folder)
}

async function makeEmptyMysql ({ host, port, user, password }: ServerAccess) {
  const name = `loggerbot_bench_${process.pid}_${++made}`
  const connection = await mysql.createConnection({ host, port, user, password })
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  await connection.query(`USE ${name}`)
  const pid = await serverPid(connection)

  return {
    name,
    connection,
    environment: {
      YARDSTICK_HOST: host,
      YARDSTICK_PORT: String(port),
      YARDSTICK_USER: user,
      YARDSTICK_PASSWORD: password,
      YARDSTICK_DATABASE: name
    } as Record<string, string>,
    pid,

    async count (since?: { time: Date, users: number }) {
      const ids = Array.from({ length: since?.users ?? 0 }, (_, index) => index + 1)
      const where = since ? connection.format('WHERE user_id IN (?) AND log_event_at >= ?', [ids, since.time.toISOString().slice(0, 19).replace('T', ' ')]) : ''
      const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM user_logs ${where}`)
      return Number(row!.count)
    },

    async empty () {
      const [tables] = await connection.query<RowDataPacket[]>("SHOW TABLES LIKE 'ingest_batches'")
      if (tables.length > 0) await connection.query('TRUNCATE TABLE ingest_batches')
      await connection.query('TRUNCATE TABLE user_logs')
    },

    /** Adds the corpus' first user to a yardstick's table. */
    async addUser () {
      const { name, token } = corpusUser(1)
      await connection.query('INSERT INTO users (username, token) VALUES (?, ?)', [name, token])
    },

    async drop () {
      await connection.query(`DROP DATABASE ${name}`)
      await connection.end()
    }
  }
}

/** The process of a database server on this machine. */
async function serverPid (connection: mysql.Connection): Promise<number | undefined> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@pid_file AS file')
  const file: string = row?.file ?? ''
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
}

/** A new SQLite file with the service's tables and users 1 to `users`. */
export async function makeSqlite (folder: string, { users = 1 } = {}): Promise<BenchDatabase & { file: string }> {
  const made = await openSqlite(folder)
  await migrate(made.environment)
  const insertUser = made.database.prepare('INSERT INTO users (id, username, tel_id, credential, created_at) VALUES (?, ?, ?, ?, ?)')
  for (const row of userRows(users)) insertUser.run(row)
  return made
}

async function openSqlite (folder: string) {
  const file = join(folder, `bench-${++made}.sqlite`)
  const database = new (sqliteDriver())(file)
  database.pragma('busy_timeout = 60000')

  return {
    file,
    database,
    environment: { LOGGER_DB_FILE: file, YARDSTICK_FILE: file },
    async count (since?: { time: Date, users: number }) {
      const where = since ? `WHERE user_id BETWEEN 1 AND ${since.users} AND log_event_at >= '${since.time.toISOString().slice(0, 19).replace('T', ' ')}'` : ''
      return database.prepare(`SELECT COUNT(*) FROM user_logs ${where}`).pluck().get() as number
    },
    // A yardstick on SQLite takes every user.
    async addUser () {},
    async empty () {
      const hasLedger = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'ingest_batches'").get() !== undefined
      if (hasLedger) database.exec('DELETE FROM ingest_batches')
      database.exec('DELETE FROM user_logs')
      database.pragma('wal_checkpoint(TRUNCATE)')
    },
    // The file is deleted with its folder.
    async drop () { database.close() }
  }
}

async function migrate (environment: Record<string, string>): Promise<void> {
  await promisify(execFile)(process.execPath, [serveFile, 'migrate'], { env: { ...cleanEnvironment(), ...environment } })
}

/**
 * Rows for users 1 to `count`, with scrypt as cheap as its parameters allow. The service verifies each user once and
 * caches the result; 10,000 verifications at the full price would take minutes and measure scrypt.
 */
function userRows (count: number): unknown[][] {
  return Array.from({ length: count }, (_, index) => {
    const { id, name, token } = corpusUser(index + 1)
    const hash = scryptSync(token, 'salt', 32, { N: 2, r: 1, p: 1 })
    const credential = `scrypt$N=2,r=1,p=1$${Buffer.from('salt').toString('base64')}$${hash.toString('base64')}`
    return [id, name, '1', credential, '2020-05-05 12:22:22.000000']
  })
}
