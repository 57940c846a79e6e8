// Settings of a session. Ours are set up as needed; on a host app's knex they are the host's, and are only checked.
import type { Knex } from 'knex'
import { UnfitSession } from '../../../errors.ts'

/**
 * Sets up a session of ours. On MySQL, the sizes of tables are current, instead of up to a day old; MariaDB skips that
 * comment.
 */
export const sessionSettings = [
  "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION' " +
    '/*!80000 , information_schema_stats_expiry = 0 */',
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'
] as const

/** Modes that change the meaning of statements, each with its effect. */
const unfitModes: ReadonlyMap<string, string> = new Map([
  ['NO_BACKSLASH_ESCAPES', 'values could not be quoted safely'],
  ['ANSI_QUOTES', 'texts in double quotes would be taken for names'],
  ['EMPTY_STRING_IS_NULL', 'empty texts would be lost']
])

const remedy = 'set it for each connection, in pool.afterCreate of your knex:'

/**
 * The same database, with a check of the session before each use: rejects with UnfitSession instead of using it.
 * A mode belongs to a connection, and its host may change it at any time.
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

/** Throws UnfitSession if the session of this connection, or else of this transaction, is unfit. */
export async function requireFitSession (knex: Knex, connection?: unknown): Promise<void> {
  const question = knex.raw('SELECT @@SESSION.sql_mode AS sqlMode, @@SESSION.character_set_client AS charset')
  const [[{ sqlMode, charset }]] = await (connection ? question.connection(connection) : question)
  requireFitModes(sqlMode, charset)
}

/** The variables that decide whether a session is fit. */
const checkedVariables = [
  'sql_mode', 'character_set_client', 'log_bin', 'sql_log_bin', 'binlog_format', 'transaction_isolation', 'tx_isolation'
]

/** Throws UnfitSession if a session of this knex cannot store logs unchanged, or cannot store any. */
export async function requireFitMysql (knex: Knex): Promise<void> {
  // Not by SELECT, which fails for a variable that this version does not have.
  const names = checkedVariables.map((name) => `'${name}'`).join(', ')
  const [rows] = await knex.raw(`SHOW SESSION VARIABLES WHERE Variable_name IN (${names})`)
  const session = new Map<string, string>(
    rows.map((row: { Variable_name: string, Value: string }) => [row.Variable_name, row.Value]))
  requireFitModes(session.get('sql_mode') ?? '', session.get('character_set_client') ?? '')
  const isLogged = session.get('log_bin') === 'ON' && session.get('sql_log_bin') !== 'OFF'
  const isolation = session.get('transaction_isolation') ?? session.get('tx_isolation') ?? ''
  if (isLogged && session.get('binlog_format') === 'STATEMENT' && isolation.startsWith('READ-')) {
    const level = isolation.replace('-', ' ')
    throw new UnfitSession(`binlog_format is STATEMENT, which refuses all writes at the isolation level ${level} ` +
      "(error 1665); as an administrator: SET GLOBAL binlog_format = 'ROW'")
  }
}

function requireFitModes (sqlMode: string, charset: string): void {
  const modes = sqlMode.split(',')
  const setStrict = `${remedy} SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'`
  for (const mode of modes) {
    const effect = unfitModes.get(mode)
    if (effect !== undefined) throw new UnfitSession(`sql_mode of the session has ${mode}: ${effect}; ${setStrict}`)
  }
  if (!modes.includes('STRICT_ALL_TABLES') && !modes.includes('STRICT_TRANS_TABLES')) {
    throw new UnfitSession('sql_mode of the session is not strict: ' +
      `values would be cut instead of refused; ${setStrict}`)
  }
  if (charset !== 'utf8mb4') {
    throw new UnfitSession(`character_set_client of the session is ${charset}: ` +
      `texts would be stored as other texts; ${remedy} SET NAMES utf8mb4`)
  }
}
