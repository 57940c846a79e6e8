import type { Knex } from 'knex'
import { codeOf } from '../../../errors.ts'
import { unlessAborted } from '../../../timeout.ts'
import type { Dialect, PageLimit, PageOfRows, ReadStatement } from '../dialect.ts'
import { hexDigits, inQuotes, isSafeInQuotes } from '../literal.ts'
import { sqlOf } from '../statement.ts'
import { isInMemory, SqliteClient, type ConnectionThread } from './client.ts'
import { sqliteConditions } from './conditions.ts'
import { sqliteCopying } from './copying.ts'
import { classifySqliteError, sqliteReason } from './errors.ts'
import { plainSqliteConditions } from './plain-conditions.ts'
import { sqliteSink } from './sink.ts'
import { sqliteState } from './state.ts'

export { sqliteConfig } from './client.ts'

/** Runs a statement in a thread that ends with the signal: nothing else stops a statement of SQLite. */
async function read<T> (knex: Knex, statement: Knex.Raw, signal: AbortSignal): Promise<T> {
  if (!(knex.client instanceof SqliteClient)) return unlessAborted<T>(signal, statement)
  const acquiring: Promise<ConnectionThread> = knex.client.acquireConnection()
  try {
    const thread = await unlessAborted(signal, acquiring)
    const end = () => thread.terminate()
    signal.addEventListener('abort', end, { once: true })
    return await statement.connection(thread).finally(() => signal.removeEventListener('abort', end))
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    acquiring.then((thread) => knex.client.releaseConnection(thread), () => {})
  }
}

function fileOf (knex: Knex): string {
  return knex.client.connectionSettings.filename
}

export const sqlite: Dialect = {
  async openSink (knex) {
    const file = fileOf(knex)
    if (isInMemory(file)) throw new Error('LoggerBot needs an SQLite database in a file: memory is not durable')
    return sqliteSink(file)
  },

  requireFit: async () => {},

  requireFitSession: async () => {},

  guard: (knex) => knex,

  // The thread that writes checks it by itself.
  findRisks: async () => [],

  findSlowSettings: async () => [],

  async deleteOld (knex, { table, key, time }, before) {
    const columns = key.join(', ')
    const { changes } = await knex.raw(`
      DELETE FROM ${table} WHERE (${columns}) IN
        (SELECT ${columns} FROM ${table} WHERE ${time} < ? LIMIT 2000)`, [before])
    return changes
  },

  conditions: sqliteConditions,

  plainSql: {
    dialect: 'sqlite',
    conditions: plainSqliteConditions,
    literal: (text) => isSafeInQuotes(text) ? inQuotes(text) : `CAST(${hexDigits(text)} AS TEXT)`
  },

  // SQLite sorts the logs of several ranges: each page would read all that is left of them.
  maxTimes: 1,

  listedTimes: {
    table: 'json_each(times) AS listed',
    isFirst: 'listed.key = 0',
    firstAt: 'listed.value ->> 0',
    lastAt: 'listed.value ->> 1'
  },

  edges: (extreme, within) => `
    SELECT (SELECT ${extreme}(log_event_at) FROM user_logs WHERE user_id = users.id AND ${within}) AS edge FROM users`,

  newestFirst: undefined,

  // Not by SUBSTR and LENGTH of a text, which end at the character NUL.
  cutText: (column, characters) => ({
    text: `CASE WHEN octet_length(${column}) <= ${characters} THEN ${column}
      ELSE lb_first(CAST(SUBSTR(CAST(${column} AS BLOB), 1, ${4 * characters}) AS TEXT), ${characters}) END`,
    bytes: `octet_length(${column})`
  }),

  // Searches get threads of their own: logins must not wait for them. A host app's own knex would read in the main
  // thread, and lacks our functions.
  readerOptions: (knex) => ({ file: fileOf(knex) }),

  now: "strftime('%Y-%m-%d %H:%M:%f000', 'now')",

  ago: (milliseconds) => `strftime('%Y-%m-%d %H:%M:%f000', 'now', '-${milliseconds / 1000} seconds')`,

  nowMs: "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",

  openControl: () => undefined,

  hostsOf: () => undefined,

  // The thread finishes its statement; nobody waits for the result.
  cut: () => {},

  hasManyWriters: (knex) => Boolean(knex.client.connectionSettings.isShared),

  state: sqliteState,

  copying: sqliteCopying,

  partitions: undefined,

  async query (knex, statement, signal) {
    const { sql, bindings } = sqlOf(statement)
    return read(knex, knex.raw(sql, bindings), signal)
  },

  async queryUpTo<Row> (
    knex: Knex, statement: ReadStatement, limit: PageLimit, signal: AbortSignal
  ): Promise<PageOfRows<Row>> {
    const { sql, bindings } = sqlOf(statement)
    return read(knex, knex.raw(sql, bindings).options({ limit }), signal)
  },

  tableOptions: async (_knex, clustered) => clustered ? 'WITHOUT ROWID' : '',

  isDuplicate: (error) => /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(codeOf(error) ?? ''),

  isUnreachable: () => false,

  mayPass: () => false,

  classify: classifySqliteError,

  reason: sqliteReason,

  keptFolder: (knex) => `${fileOf(knex)}-kept`
}
