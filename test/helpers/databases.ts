import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'
import { createConnection } from 'mysql2/promise'
import type { Test } from 'tap'
import { connect } from '../../src/store/connect.ts'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { DatabaseServer, givenServer, mariadb as mariadbKind, mysql as mysqlKind, type ServerAccess, type ServerKind } from './servers.ts'
import { askKeeper, fileFolder } from './run.ts'

/** A kind of database that every behaviour is tested on. */
export interface TestDatabase {
  name: 'SQLite' | 'MariaDB' | 'MySQL'
  /** Creates a database without tables, which is dropped when the test ends. */
  create (t: Test): Promise<DatabaseOptions>
  /** Creates a database with all tables. */
  createMigrated (t: Test): Promise<DatabaseOptions>
}

export type TestMysqlOptions = ServerAccess & { database: string }

/** A kind of database with a server. */
export interface ServerDatabase extends TestDatabase {
  /** Administrator's access to the server. */
  access (): Promise<ServerAccess>
  create (t: Test): Promise<TestMysqlOptions>
  createMigrated (t: Test): Promise<TestMysqlOptions>
}

const filesHere = await fileFolder()

export const sqlite: TestDatabase = {
  name: 'SQLite',
  create: async (t) => ({ file: join(temporaryFolder(t), 'logs.sqlite') }),
  async createMigrated (t) {
    const file = join(temporaryFolder(t), 'logs.sqlite')
    copyFileSync(await askKeeper('SQLite-template'), file)
    return { file }
  }
}

/** The run's MariaDB, or the server that LOGGER_TEST_MYSQL_URL names. */
export const mariadb = serverDatabase(mariadbKind, givenServer())

/** The run's MySQL. */
export const mysql = serverDatabase(mysqlKind)

/** Databases to test: all that are installed, or those in LOGGER_TEST_DATABASES (`sqlite,mariadb,mysql`). */
export const databases: TestDatabase[] = picked([sqlite, mariadb, ...mysqlKind.missing ? [] : [mysql]])

function picked (all: TestDatabase[]): TestDatabase[] {
  const names = process.env.LOGGER_TEST_DATABASES?.toLowerCase().split(',')
  return names ? all.filter(({ name }) => names.includes(name.toLowerCase())) : all
}

function serverDatabase (kind: ServerKind, given?: ServerAccess): ServerDatabase {
  const access = async () => given ?? askKeeper(kind.name)
  return {
    name: kind.name,
    access,
    create: async (t) => createOn(await access(), t),
    createMigrated: async (t) => createOn(await access(), t, given ? [] : await askKeeper(`${kind.name}-template`))
  }
}

async function createOn ({ host, port, user, password }: ServerAccess, t: Test, statements: string[] = []): Promise<TestMysqlOptions> {
  const database = `loggerbot_${randomBytes(6).toString('hex')}`
  const admin = await createConnection({ host, port, user, password })
  await admin.query(`CREATE DATABASE ${database}`)
  await admin.query(`USE ${database}`)
  for (const statement of statements) await admin.query(statement)
  t.teardown(async () => {
    await admin.query(`DROP DATABASE ${database}`)
    await admin.end()
  })
  return { host, port, user, password, database }
}

export interface PrivateServerOptions {
  /** Default: a temporary folder. Existing data is used. */
  folder?: string
  flags?: string[]
}

/** Starts a MariaDB for one test, which may kill or configure it; removed when the test ends. */
export function startMariadb (t: Test, options?: PrivateServerOptions): Promise<DatabaseServer> {
  return startServer(t, mariadbKind, options)
}

/** Starts a MySQL for one test, as `startMariadb` does. */
export function startMysql (t: Test, options?: PrivateServerOptions): Promise<DatabaseServer> {
  return startServer(t, mysqlKind, options)
}

async function startServer (t: Test, kind: ServerKind, { folder = temporaryFolder(t), flags }: PrivateServerOptions = {}): Promise<DatabaseServer> {
  const template = await askKeeper(`${kind.name}-data`)
  const server = await DatabaseServer.start({ kind, folder: join(folder, kind.name.toLowerCase()), template, flags })
  t.teardown(() => server.remove())
  return server
}

/** Settings for this database, without a spool, as environment variables. */
export function environmentOf (options: DatabaseOptions): Record<string, string> {
  if ('file' in options) return { LOGGER_DB_FILE: options.file }
  return {
    LOGGER_DB_HOST: options.host,
    LOGGER_DB_PORT: String(options.port),
    LOGGER_DB_USER: options.user,
    LOGGER_DB_PASSWORD: options.password ?? '',
    LOGGER_DB_NAME: options.database ?? '',
    LOGGER_SPOOL_DIR: ''
  }
}

/** Opens a knex for the test, to read stored rows. */
export function openKnex (t: Test, options: DatabaseOptions): Knex {
  const knex = connect(options)
  t.teardown(() => knex.destroy())
  return knex
}

/** Creates a folder that is removed when the test ends. */
export function temporaryFolder (t: Test): string {
  const folder = mkdtempSync(join(filesHere, 'test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
