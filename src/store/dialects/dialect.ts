import type { Knex } from 'knex'

/** MySQL or MariaDB. */
export interface MysqlOptions {
  host: string
  /** Default 3306. */
  port?: number
  user: string
  password?: string
  /** Default `loggerbot`. */
  database?: string
  /** `true`: TLS, verified against the system's authorities; a string: a PEM file of the authority to trust. Default: no TLS. */
  ssl?: boolean | string
  /** Connections at most. Default 10. */
  pool?: number
  /** New tables are page compressed where the engine does it at no cost (MariaDB). Default true. */
  pageCompression?: boolean
}

/** An embedded SQLite database. */
export interface SqliteOptions {
  /** Created with its folder where missing. */
  file: string
}

export type DatabaseOptions = MysqlOptions | SqliteOptions

/** A batch as rows of `user_logs`, in the order of the columns that go with it. */
export interface RowBatch {
  userId: number
  key: Buffer
  createdAt: string
  rows: ReadonlyArray<readonly unknown[]>
}

/** All that differs from one database to the other. */
export interface Dialect {
  /** One transaction: the batch's key and all its rows, or nothing. Where the key is stored already, nothing. */
  insertBatch (knex: Knex, columns: readonly string[], batch: RowBatch): Promise<void>
  /** Forgets at most 2,000 of the batch keys that are older; resolves to how many. */
  deleteBatchKeys (knex: Knex, before: string): Promise<number>
  /** What follows the columns of a new table. A clustered one is stored in the order of its primary key. */
  tableOptions (knex: Knex, clustered: boolean): Promise<string>
  /** Whether a unique key was taken already. */
  isDuplicate (error: unknown): boolean
  /** Whether the database is away, or went away. */
  isUnreachable (error: unknown): boolean
  /** Whether the whole transaction may succeed at the next try. */
  isTransient (error: unknown): boolean
}
