import type { Knex } from 'knex'
import { databaseOptions, type Settings } from '../config.ts'
import { codeOf, CommandError, DatabaseAway, SchemaMismatch, UnfitSession } from '../errors.ts'
import { connect } from '../store/connect.ts'
import type { DatabaseOptions } from '../store/dialects/dialect.ts'
import { checkSchema, migrateToLatest } from '../store/migrations.ts'

/** Opens the database of the settings for one piece of work, and closes it. What goes wrong becomes one clear line. */
export async function withDatabase<T> (settings: Settings, work: (knex: Knex) => Promise<T>, options = databaseOptions(settings)): Promise<T> {
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

/** The same, once the tables are as this version needs them: those of the embedded database are ours to set up, a MySQL's only to look at. */
export async function withTables<T> (settings: Settings, work: (knex: Knex) => Promise<T>): Promise<T> {
  return withDatabase(settings, async (knex) => {
    if ('file' in databaseOptions(settings)) await migrateToLatest(knex)
    else await checkSchema(knex)
    return work(knex)
  })
}

/** How a person names the database. */
export function describeDatabase (options: DatabaseOptions): string {
  return 'file' in options ? `SQLite ${options.file}` : `MySQL ${options.user}@${options.host}:${options.port}/${options.database}`
}

/** The failure as a CommandError that names the setting and what to do, where it is one that the user can mend. */
export function explained (error: unknown, options: DatabaseOptions): unknown {
  if (error instanceof SchemaMismatch || error instanceof UnfitSession || error instanceof DatabaseAway) return new CommandError(`${describeDatabase(options)}: ${error.message}`)
  const explanation = explain(codeOf(error) ?? '', options)
  return explanation === undefined ? error : new CommandError(explanation)
}

function explain (code: string, options: DatabaseOptions): string | undefined {
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED') return 'the native module of the embedded database is missing, or is for another version of Node: install again with this Node (npm ci), or use MySQL (--user)'
  if ('file' in options) {
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return `SQLite ${options.file}: another process has held it for too long (${code}); try again`
    if (!/^(SQLITE_(CANTOPEN|NOTADB|READONLY|PERM|AUTH|CORRUPT)|E[A-Z]+$)/.test(code)) return undefined
    return `LOGGER_DB_FILE (--db-file): ${options.file} can't be used as a database (${code}); name a file in a folder that may be written to`
  }
  const server = `MySQL at ${options.host}:${options.port}`
  switch (code) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return `LOGGER_DB_USER, LOGGER_DB_PASSWORD (--user, --password): ${server} refuses the login of "${options.user}"`
    case 'ER_DBACCESS_DENIED_ERROR':
    case 'ER_TABLEACCESS_DENIED_ERROR':
      return `LOGGER_DB_USER (--user): "${options.user}" lacks a privilege; as an administrator: GRANT ALL ON \`${options.database}\`.* TO '${options.user}'@'%'`
    case 'ER_BAD_DB_ERROR':
      return `LOGGER_DB_NAME (--db-name): ${server} has no database "${options.database}"; create it: npx loggerbot setup-database --user=${options.user} --password=...`
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ECONNRESET':
    case 'EPIPE':
    case 'PROTOCOL_CONNECTION_LOST':
    case 'PROTOCOL_SEQUENCE_TIMEOUT':
      return `LOGGER_DB_HOST, LOGGER_DB_PORT (--db-host, --db-port): no ${server} (${code})`
    case 'ER_OPTION_PREVENTS_STATEMENT':
    case 'ER_READ_ONLY_MODE':
      return `LOGGER_DB_HOST, LOGGER_DB_PORT (--db-host, --db-port): ${server} is read-only (${code}); name the one that takes writes`
    case 'ENOENT':
    case 'EACCES':
    case 'EISDIR':
      return `LOGGER_DB_SSL: the file ${options.ssl} can't be read (${code})`
    case 'HANDSHAKE_SSL_ERROR':
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return `LOGGER_DB_SSL: no TLS with ${server} (${code})`
  }
  return code.startsWith('ER_') ? `${server} failed (${code})` : undefined
}
