// What a session of MySQL or MariaDB must be like. Our own connections are set so (mysql.ts); a host app's knex decides for itself.
import type { Knex } from 'knex'
import { UnfitSession } from '../../../errors.ts'

/** What sets up a session of ours. On MySQL, sizes of tables are those of now and not of yesterday; MariaDB skips that comment. */
export const sessionSettings = [
  "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION' /*!80000 , information_schema_stats_expiry = 0 */",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'
] as const

/** Modes in which a statement means something else than its writer meant, with what goes wrong. */
const unfitModes: Record<string, string> = {
  NO_BACKSLASH_ESCAPES: 'values could not be quoted safely',
  ANSI_QUOTES: 'texts in double quotes would be taken for names',
  EMPTY_STRING_IS_NULL: 'empty texts would be lost'
}

const mend = 'set it for each connection, in pool.afterCreate of your knex:'

/**
 * The same database, whose session is looked at before each use: a mode is a connection's own, and its host may set it at any time.
 * Rejects with UnfitSession instead of using an unfit one.
 */
export function guardMysql (knex: Knex): Knex {
  const guarded = knex.withUserParams(knex.userParams)
  guarded.client.acquireConnection = async () => {
    const connection: unknown = await knex.client.acquireConnection()
    try {
      await requireFitSession(knex, connection)
      return connection
    } catch (error) {
      knex.client.releaseConnection(connection)
      throw error
    }
  }
  return guarded
}

/** Throws UnfitSession where this session, or that of the transaction, is unfit. */
export async function requireFitSession (knex: Knex, connection?: unknown): Promise<void> {
  const question = knex.raw('SELECT @@SESSION.sql_mode AS sqlMode, @@SESSION.character_set_client AS charset')
  const [[{ sqlMode, charset }]] = await (connection ? question.connection(connection) : question)
  requireFitModes(sqlMode, charset)
}

/** Throws UnfitSession where a session of this knex can't store logs as they are, or can't store any. */
export async function requireFitMysql (knex: Knex): Promise<void> {
  // Not by SELECT: which of these variables there are depends on the version.
  const names = ['sql_mode', 'character_set_client', 'log_bin', 'sql_log_bin', 'binlog_format', 'transaction_isolation', 'tx_isolation']
  const [rows] = await knex.raw(`SHOW SESSION VARIABLES WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`)
  const session: Record<string, string> = Object.fromEntries(rows.map(({ Variable_name: name, Value: value }: Record<string, string>) => [name, value]))
  requireFitModes(session.sql_mode ?? '', session.character_set_client ?? '')
  const isLogged = session.log_bin === 'ON' && session.sql_log_bin !== 'OFF'
  const isolation = session.transaction_isolation ?? session.tx_isolation ?? ''
  if (isLogged && session.binlog_format === 'STATEMENT' && /^READ-/.test(isolation)) {
    throw new UnfitSession(`binlog_format is STATEMENT, with which nothing can be stored at the isolation level ${isolation.replace('-', ' ')} (error 1665); as an administrator: SET GLOBAL binlog_format = 'ROW'`)
  }
}

function requireFitModes (sqlMode: string, charset: string): void {
  const modes = sqlMode.split(',')
  const unfit = modes.find((mode) => Object.hasOwn(unfitModes, mode))
  const setStrict = `${mend} SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'`
  if (unfit !== undefined) throw new UnfitSession(`sql_mode of the session has ${unfit}: ${unfitModes[unfit]}; ${setStrict}`)
  if (!modes.includes('STRICT_ALL_TABLES') && !modes.includes('STRICT_TRANS_TABLES')) throw new UnfitSession(`sql_mode of the session is not strict: values would be cut short instead of refused; ${setStrict}`)
  if (charset !== 'utf8mb4') throw new UnfitSession(`character_set_client of the session is ${charset}: texts would be taken for others; ${mend} SET NAMES utf8mb4`)
}
