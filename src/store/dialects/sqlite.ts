import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Knex } from 'knex'
import { codeOf } from '../../errors.ts'
import { sqliteDriver } from '../../sqlite.ts'
import type { Dialect, SqliteOptions } from './dialect.ts'

const KnexClient: typeof Knex.Client = createRequire(import.meta.url)('knex/lib/dialects/better-sqlite3/index.js')

class SqliteClient extends KnexClient {
  _driver () {
    return sqliteDriver()
  }
}

/** How knex opens the embedded database: one connection, every commit on the disk before it returns. */
export function sqliteConfig ({ file }: SqliteOptions): Knex.Config {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  return {
    client: SqliteClient,
    connection: { filename: file },
    useNullAsDefault: true,
    pool: { min: 1, max: 1, afterCreate: prepareConnection },
    compileSqlOnError: false
  }
}

function prepareConnection (database: Database, done: (error: unknown, database: Database) => void): void {
  try {
    database.pragma('journal_mode = WAL')
    // A database that is opened again in WAL mode falls back to NORMAL, which can lose the last commits.
    database.pragma('synchronous = FULL')
    database.pragma('busy_timeout = 5000')
    done(null, database)
  } catch (error) {
    done(error, database)
  }
}

export const sqlite: Dialect = {
  // Within one tick of the event loop: were the lock held across ticks, a second instance in this process
  // would wait for it synchronously, and so forever.
  insertBatch (knex, columns, { userId, key, createdAt, rows }) {
    return withDatabase(knex, (database) => {
      const insertKey = database.prepare('INSERT OR IGNORE INTO ingest_batches (user_id, batch_key, created_at) VALUES (?, ?, ?)')
      const insertRow = database.prepare(`INSERT INTO user_logs (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
      database.transaction(() => {
        if (insertKey.run(userId, key, createdAt).changes === 0) return
        for (const row of rows) insertRow.run(...row)
      }).immediate()
    })
  },

  deleteBatchKeys (knex, before) {
    return withDatabase(knex, (database) => database.prepare(`
      DELETE FROM ingest_batches WHERE (user_id, batch_key) IN
        (SELECT user_id, batch_key FROM ingest_batches WHERE created_at < ? LIMIT 2000)`).run(before).changes)
  },

  tableOptions: async (_knex, clustered) => clustered ? 'WITHOUT ROWID' : '',

  isDuplicate: (error) => /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(codeOf(error) ?? ''),

  isUnreachable: () => false,

  isTransient: (error) => /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error) ?? '')
}

/** knex has no synchronous transactions: this one goes to its connection. */
async function withDatabase<T> (knex: Knex, work: (database: Database) => T): Promise<T> {
  const database: Database = await knex.client.acquireConnection()
  try {
    return work(database)
  } finally {
    await knex.client.releaseConnection(database)
  }
}
