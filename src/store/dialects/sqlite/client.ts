import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Knex } from 'knex'
import { keepFilePrivate, sqliteDriver } from '../../../sqlite.ts'
import type { PageLimit, SqliteOptions } from '../dialect.ts'
import type { ConnectionProtocol, StatementResult } from './messages.ts'
import { SqliteThread } from './thread.ts'

/**
 * knex's client for better-sqlite3, with its compilers of queries and schemas.
 *
 * knex exports it nowhere, and runs its statements by the private `_query` and `processResponse`. So package.json pins
 * knex to one version, and test/src/store/dialects/knex-client.test.ts proves that it has these parts: run that test
 * before changing the pin.
 */
const KnexSqliteClient: typeof Knex.Client = createRequire(import.meta.url)('knex/lib/dialects/better-sqlite3/index.js')

/** A connection of the pool: several read at once, beside the one that writes. */
export type ConnectionThread = SqliteThread<ConnectionProtocol>

/** A query as knex hands it to a client, which adds `response` and `context` for `processResponse`. */
interface KnexQuery {
  sql: string
  bindings?: unknown[]
  options?: { limit?: PageLimit }
  response?: unknown
  context?: { lastID: number | bigint, changes: number }
}

/** A client of knex each of whose connections is a thread. */
export class SqliteClient extends KnexSqliteClient {
  // knex would hide the code of the error if the driver is missing.
  override initializeDriver (): void {
    this.driver = sqliteDriver()
  }

  override async acquireRawConnection (): Promise<ConnectionThread> {
    const { filename } = this.connectionSettings as { filename: string }
    const thread = new SqliteThread<ConnectionProtocol>('connection.js', filename)
    // Rejects at once if the file cannot be opened.
    await thread.ask('run', { sql: 'SELECT 1', bindings: [] })
    return thread
  }

  override async destroyRawConnection (thread: ConnectionThread): Promise<void> {
    await thread.close()
  }

  override validateConnection (thread: ConnectionThread): Promise<boolean> {
    return Promise.resolve(!thread.hasEnded)
  }

  async _query (thread: ConnectionThread, query: KnexQuery): Promise<KnexQuery> {
    // A transaction that begins here will write. If it began as a reader, SQLite might refuse that later.
    const sql = query.sql === 'BEGIN;' ? 'BEGIN IMMEDIATE' : query.sql
    const bindings = (query.bindings ?? []).map(toBinding)
    const result = await thread.ask('run', { sql, bindings, limit: query.options?.limit })
    query.response = toResponse(result)
    if (result.kind === 'change') query.context = { lastID: result.lastInsertRowid, changes: result.changes }
    return query
  }
}

function toBinding (value: unknown): unknown {
  if (value instanceof Date) return value.valueOf()
  return typeof value === 'boolean' ? Number(value) : value
}

function toResponse (result: StatementResult): unknown {
  switch (result.kind) {
    case 'rows': return result.rows.map(withBuffers)
    case 'page': return { ...result.page, rows: result.page.rows.map(withBuffers) }
    case 'change': return { changes: result.changes, lastInsertRowid: result.lastInsertRowid }
  }
}

/** Restores Buffers, which arrive from a thread as plain arrays of bytes. */
function withBuffers (row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name]
    if (value instanceof Uint8Array) row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return row
}

/** SQLite's names for a database in memory. */
const inMemoryNames = new Set(['', ':memory:'])

export function isInMemory (file: string): boolean {
  return inMemoryNames.has(file)
}

/** Configures knex for the embedded database, with every commit on the disk before it returns. */
export function sqliteConfig ({ file, isShared }: SqliteOptions): Knex.Config {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!isInMemory(file)) keepFilePrivate(file)
  // knex hands on what it does not know.
  const connection = { filename: file, isShared }
  return {
    client: SqliteClient,
    connection,
    useNullAsDefault: true,
    pool: { min: 0, max: 5 },
    compileSqlOnError: false
  }
}
