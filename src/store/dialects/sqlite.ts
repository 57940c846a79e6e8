import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Knex } from 'knex'
import { codeOf } from '../../errors.ts'
import { durablePragmas, sqliteDriver } from '../../sqlite.ts'
import type { Dialect, SqliteOptions } from './dialect.ts'
import { sqliteSink } from './sqlite-sink.ts'

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
    for (const pragma of durablePragmas) database.pragma(pragma)
    done(null, database)
  } catch (error) {
    done(error, database)
  }
}

/** What breaks a rule of the schema, or is larger than SQLite takes. */
const refused = /^SQLITE_(CONSTRAINT_(?!UNIQUE|PRIMARYKEY)|TOOBIG|MISMATCH)/

export const sqlite: Dialect = {
  async openSink (knex) {
    const file: string = knex.client.connectionSettings.filename
    if (file === '' || file === ':memory:') throw new Error('LoggerBot needs an SQLite database in a file: logs in memory would not be durable')
    return sqliteSink(file, refused)
  },

  // The thread that writes sees to it itself.
  findRisks: async () => [],

  async deleteBatchKeys (knex, before) {
    const { changes } = await knex.raw(`
      DELETE FROM ingest_batches WHERE (user_id, batch_key) IN
        (SELECT user_id, batch_key FROM ingest_batches WHERE created_at < ? LIMIT 2000)`, [before])
    return changes
  },

  tableOptions: async (_knex, clustered) => clustered ? 'WITHOUT ROWID' : '',

  isDuplicate: (error) => /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(codeOf(error) ?? ''),

  isUnreachable: () => false,

  verdict (error) {
    if (sqlite.isDuplicate(error)) return 'collision'
    const code = codeOf(error) ?? ''
    if (refused.test(code)) return 'refused'
    return /^SQLITE_(BUSY|LOCKED)/.test(code) ? 'passing' : 'away'
  }
}
