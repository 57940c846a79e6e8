import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Knex } from 'knex'
import mysql from 'mysql2/promise'
import t, { type Test } from 'tap'
import { connect } from '../../src/store/connect.ts'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { startMariadb, type TestServer } from './mariadb.ts'

/** A kind of database that every behaviour is tested on. */
export interface TestDatabase {
  name: 'SQLite' | 'MySQL'
  /** A new database, empty and without tables, which goes when the test ends. */
  create (t: Test): Promise<DatabaseOptions>
}

let server: Promise<TestServer> | undefined

/** This test file's MariaDB: started at its first use, stopped with the file. */
export function mariadb (): Promise<TestServer> {
  if (server === undefined) {
    server = startMariadb()
    t.teardown(async () => (await server)?.stop())
  }
  return server
}

export const databases: TestDatabase[] = [
  { name: 'SQLite', create: async (t) => ({ file: join(temporaryFolder(t), 'logs.sqlite') }) },
  {
    name: 'MySQL',
    async create (t) {
      const { host, port, user, password } = await mariadb()
      const database = `loggerbot_${randomBytes(6).toString('hex')}`
      const admin = await mysql.createConnection({ host, port, user, password })
      await admin.query(`CREATE DATABASE ${database}`)
      t.teardown(async () => {
        await admin.query(`DROP DATABASE ${database}`)
        await admin.end()
      })
      return { host, port, user, password, database }
    }
  }
]

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
  const folder = mkdtempSync(join(tmpdir(), 'loggerbot-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
