import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'
import mysql from 'mysql2/promise'
import type { Test } from 'tap'
import { connect } from '../../src/store/connect.ts'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { givenServer, Mariadb, type ServerAccess } from './mariadb.ts'
import { askKeeper, fileFolder } from './run.ts'

/** A kind of database that every behaviour is tested on. */
export interface TestDatabase {
  name: 'SQLite' | 'MySQL'
  /** A new database, empty and without tables, which goes when the test ends. */
  create (t: Test): Promise<DatabaseOptions>
  /** A new database with all tables. */
  createMigrated (t: Test): Promise<DatabaseOptions>
}

const filesHere = await fileFolder()

/** The MariaDB of this run, or the server that is used instead. */
export async function mariadb (): Promise<ServerAccess> {
  return givenServer() ?? askKeeper('mariadb')
}

export const databases: TestDatabase[] = [
  {
    name: 'SQLite',
    create: async (t) => ({ file: join(temporaryFolder(t), 'logs.sqlite') }),
    async createMigrated (t) {
      const file = join(temporaryFolder(t), 'logs.sqlite')
      copyFileSync(await askKeeper('sqlite-template'), file)
      return { file }
    }
  },
  {
    name: 'MySQL',
    create: (t) => createMysql(t),
    async createMigrated (t) {
      return createMysql(t, givenServer() ? [] : await askKeeper('mariadb-template'))
    }
  }
]

async function createMysql (t: Test, statements: string[] = []): Promise<DatabaseOptions> {
  const { host, port, user, password } = await mariadb()
  const database = `loggerbot_${randomBytes(6).toString('hex')}`
  const admin = await mysql.createConnection({ host, port, user, password })
  await admin.query(`CREATE DATABASE ${database}`)
  await admin.query(`USE ${database}`)
  for (const statement of statements) await admin.query(statement)
  t.teardown(async () => {
    await admin.query(`DROP DATABASE ${database}`)
    await admin.end()
  })
  return { host, port, user, password, database }
}

/** Starts a MariaDB of the test's own, to be killed or set up at will; it is removed when the test ends. */
export async function startMariadb (t: Test, { folder = temporaryFolder(t), flags }: { folder?: string, flags?: string[] } = {}): Promise<Mariadb> {
  const server = await Mariadb.start({ folder: join(folder, 'mariadb'), template: await askKeeper('mariadb-data'), flags })
  t.teardown(() => server.remove())
  return server
}

/** The settings that mean this database, and no spool, as environment variables. */
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

/** A knex of the test's own, to look at what was stored. */
export function openKnex (t: Test, options: DatabaseOptions): Knex {
  const knex = connect(options)
  t.teardown(() => knex.destroy())
  return knex
}

/** A folder that goes when the test ends. */
export function temporaryFolder (t: Test): string {
  const folder = mkdtempSync(join(filesHere, 'test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
