import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Knex } from 'knex'
import { codeOf } from '../../../errors.ts'
import { keepFilePrivate, sqliteDriver } from '../../../sqlite.ts'
import { unlessAborted } from '../../../timeout.ts'
import type { Condition, Dialect, PageLimit, PageOfRows, SqliteOptions } from '../dialect.ts'
import { sqliteConditions } from './conditions.ts'
import { sqliteReason, classifySqliteError } from './errors.ts'
import { sqliteSink } from './sink.ts'
import { SqliteThread } from './thread.ts'

const KnexClient: typeof Knex.Client = createRequire(import.meta.url)('knex/lib/dialects/better-sqlite3/index.js')

/** What a connection of knex's is asked. */
interface Query {
  sql: string
  bindings?: unknown[]
  /** Of a statement that reads: how much at most. */
  options?: { limit?: PageLimit }
  response?: unknown
  context?: { lastID: unknown, changes: number }
}

interface QueryAnswer {
  rows?: Array<Record<string, unknown>>
  page?: PageOfRows
  changes: number
  lastInsertRowid: unknown
}

/** Each of its connections is a thread: several read at once, beside the one that writes. */
class SqliteClient extends KnexClient {
  _driver () {
    return sqliteDriver()
  }

  override async acquireRawConnection () {
    const thread = new SqliteThread('connection.js', (this.connectionSettings as { filename: string }).filename)
    // Tells at once where the file can't be opened.
    await thread.ask({ sql: 'SELECT 1', bindings: [] })
    return thread
  }

  override async destroyRawConnection (thread: SqliteThread) {
    await thread.close()
  }

  override validateConnection (thread: SqliteThread) {
    return Promise.resolve(!thread.ended)
  }

  async _query (thread: SqliteThread, query: Query) {
    // Whoever begins a transaction here means to write: later there might be no way to.
    const sql = query.sql === 'BEGIN;' ? 'BEGIN IMMEDIATE' : query.sql
    const { rows, page, changes, lastInsertRowid } = await thread.ask<QueryAnswer>({ sql, bindings: (query.bindings ?? []).map(toBinding), limit: query.options?.limit })
    query.response = page ?? rows?.map(withBuffers) ?? { changes, lastInsertRowid }
    query.context = { lastID: lastInsertRowid, changes }
    return query
  }
}

function toBinding (value: unknown): unknown {
  if (value instanceof Date) return value.valueOf()
  return typeof value === 'boolean' ? Number(value) : value
}

/** Between threads a Buffer becomes a plain array of bytes. */
function withBuffers (row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name]
    if (value instanceof Uint8Array) row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return row
}

/** Names that mean no file. */
const inMemory = new Set(['', ':memory:'])

/** How knex opens the embedded database: every commit on the disk before it returns. */
export function sqliteConfig ({ file }: SqliteOptions): Knex.Config {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!inMemory.has(file)) keepFilePrivate(file)
  return {
    client: SqliteClient,
    connection: { filename: file },
    useNullAsDefault: true,
    pool: { min: 0, max: 4 },
    compileSqlOnError: false
  }
}

/** The answer to a statement that reads, in a thread that ends with the signal: nothing else stops it. */
async function read<T> (knex: Knex, { sql, bindings }: Condition, limit: PageLimit | undefined, signal: AbortSignal): Promise<T> {
  const statement = knex.raw(sql, bindings).options({ limit })
  if (!(knex.client instanceof SqliteClient)) return unlessAborted<T>(signal, statement)
  const acquired: Promise<SqliteThread> = knex.client.acquireConnection()
  try {
    const thread = await unlessAborted(signal, acquired)
    const end = () => thread.terminate()
    signal.addEventListener('abort', end, { once: true })
    return await statement.connection(thread).finally(() => signal.removeEventListener('abort', end))
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    acquired.then((thread) => knex.client.releaseConnection(thread), () => {})
  }
}

export const sqlite: Dialect = {
  async openSink (knex) {
    const file: string = knex.client.connectionSettings.filename
    if (inMemory.has(file)) throw new Error('LoggerBot needs an SQLite database in a file: logs in memory would not be durable')
    return sqliteSink(file)
  },

  requireFit: async () => {},

  requireFitSession: async () => {},

  guard: (knex) => knex,

  // The thread that writes sees to it itself.
  findRisks: async () => [],

  async deleteOld (knex, { table, key, time }, before) {
    const { changes } = await knex.raw(`
      DELETE FROM ${table} WHERE (${key.join(', ')}) IN
        (SELECT ${key.join(', ')} FROM ${table} WHERE ${time} < ? LIMIT 2000)`, [before])
    return changes
  },

  conditions: sqliteConditions,

  edges: (extreme, within) => `SELECT (SELECT ${extreme}(log_event_at) FROM user_logs WHERE user_id = users.id AND ${within}) AS edge FROM users`,

  newestFirst: undefined,

  // Whoever reads much has threads of their own: logins must not wait for them. A host app's own knex reads in the main thread, and lacks our functions.
  readerOptions: (knex) => ({ file: knex.client.connectionSettings.filename }),

  now: "strftime('%Y-%m-%d %H:%M:%f000', 'now')",

  nowMs: "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",

  openControl: () => undefined,

  // A thread ends its statement, and nobody listens.
  cut: () => {},

  hasManyWriters: false,

  partitions: undefined,

  query: (knex, statement, signal) => read(knex, statement, undefined, signal),

  queryUpTo: read,

  tableOptions: async (_knex, clustered) => clustered ? 'WITHOUT ROWID' : '',

  isDuplicate: (error) => /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(codeOf(error) ?? ''),

  isUnreachable: () => false,

  mayPass: () => false,

  classify: classifySqliteError,

  reason: sqliteReason,

  keptFolder: (knex) => `${knex.client.connectionSettings.filename}-kept`
}
