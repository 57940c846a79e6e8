import type { Knex } from 'knex'
import { databaseOptions, type Settings } from '../config.ts'
import {
  codeOf, CommandError, DatabaseAway, DatabaseInUse, NoDatabaseHost, RowTooLarge, SchemaMismatch, UnfitSession
} from '../errors.ts'
import { connect } from '../store/connect.ts'
import type { DatabaseOptions, MysqlOptions, SqliteOptions } from '../store/dialects/dialect.ts'
import { mysqlFailure, sqliteFailure } from '../store/dialects/failure.ts'
import { listHosts, nameOf } from '../store/dialects/mysql/host-list.ts'
import { checkSchema, migrateToLatest } from '../store/migrations.ts'

export type { Knex }

/** Opens the database for some work, and closes it. A failure that the user can fix becomes a CommandError. */
export async function withDatabase<T> (
  settings: Settings, work: (knex: Knex) => Promise<T>, options = databaseOptions(settings)
): Promise<T> {
  let knex: Knex | undefined
  try {
    knex = connect(options)
    return await work(knex)
  } catch (error) {
    throw explained(error, databaseOptions(settings))
  } finally {
    await knex?.destroy()
  }
}

/** As withDatabase, with the tables of this version: an embedded database is migrated, MySQL only checked. */
export async function withTables<T> (settings: Settings, work: (knex: Knex) => Promise<T>): Promise<T> {
  return withDatabase(settings, async (knex) => {
    if ('file' in databaseOptions(settings)) await migrateToLatest(knex)
    else await checkSchema(knex)
    return work(knex)
  })
}

/** Name of the database for a person. */
export function describeDatabase (options: DatabaseOptions): string {
  if ('file' in options) return `SQLite ${options.file}`
  return `MySQL ${options.user}@${serversOf(options)}/${options.database}`
}

function serversOf (options: MysqlOptions): string {
  return listHosts(options).map(nameOf).join(',')
}

/** A failure that the user can fix as a CommandError that names the setting and the remedy; else the error itself. */
export function explained (error: unknown, options: DatabaseOptions): unknown {
  const isExplained = [SchemaMismatch, UnfitSession, DatabaseAway, DatabaseInUse, RowTooLarge]
    .some((kind) => error instanceof kind)
  if (isExplained && error instanceof Error) {
    return new CommandError(`${describeDatabase(options)}: ${error.message}`)
  }
  if (error instanceof NoDatabaseHost) {
    return new CommandError(`LOGGER_DB_HOST (--db-host): no server can be written: ${error.message}`)
  }
  const code = codeOf(error) ?? ''
  const explanation = 'file' in options ? explainSqlite(code, options) : explainMysql(code, options)
  return explanation === undefined ? error : new CommandError(explanation)
}

function explainSqlite (code: string, { file }: SqliteOptions): string | undefined {
  switch (sqliteFailure(code)) {
    case 'driver':
      return 'the native module of the embedded database is missing, or was installed for another version of Node: ' +
        'install again with this Node (npm ci), or use MySQL (--user)'
    case 'busy':
      return `SQLite ${file}: another process has locked it for too long (${code}); try again`
    case 'file':
      return `LOGGER_DB_FILE (--db-file): ${file} can't be used as a database (${code}); ` +
        'name a file in a folder that you may write to'
    default:
      return undefined
  }
}

function explainMysql (code: string, options: MysqlOptions): string | undefined {
  const { user, database, ssl } = options
  const server = `MySQL at ${serversOf(options)}`
  switch (mysqlFailure(code)) {
    case 'login':
      return `LOGGER_DB_USER, LOGGER_DB_PASSWORD (--user, --password): ${server} refuses the login of "${user}"`
    case 'privilege':
      return `LOGGER_DB_USER (--user): "${user}" lacks a privilege; ` +
        `as an administrator: GRANT ALL ON \`${database}\`.* TO '${user}'@'%'`
    case 'database':
      return `LOGGER_DB_NAME (--db-name): ${server} has no database "${database}"; ` +
        `create it: npx loggerbot setup-database --user=${user} --password=...`
    case 'connection':
      return `LOGGER_DB_HOST, LOGGER_DB_PORT (--db-host, --db-port): no ${server} (${code})`
    case 'readOnly':
      return `LOGGER_DB_HOST, LOGGER_DB_PORT (--db-host, --db-port): ${server} is read-only (${code}); ` +
        'name the one that accepts writes'
    case 'certificate':
      return `LOGGER_DB_SSL: the file ${ssl} can't be read (${code})`
    case 'tls':
      return `LOGGER_DB_SSL: no TLS with ${server} (${code})`
    case 'server':
      return `${server} failed (${code})`
    default:
      return undefined
  }
}
