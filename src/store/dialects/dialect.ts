import type { Knex } from 'knex'
import type { Attribute, Pattern } from '../../query/filter.ts'
import type { Comparison } from '../../text/values.js'
import type { ErrorClass } from '../../model/batch-store.ts'
import type { UtcTime } from '../../model/instant.ts'
import type { Cell, RowSink } from './row-sink.ts'

/** MySQL or MariaDB. */
export interface MysqlOptions {
  /**
   * A server, or the servers of one cluster in order, such as `a:3306,b:3306`. One of them is used at a time: the first
   * one, while it may be written.
   */
  host: string
  /** Of each server without a port in the list. Default 3306. */
  port?: number
  /** A replica, such as `c:3306`, with the same login, that searches and counts are read from. Default: none. */
  readHost?: string | undefined
  user: string
  password?: string
  /** Default `loggerbot`. */
  database?: string
  /** `true`: TLS, verified by the system's authorities; a string: the PEM file of an authority. Default: no TLS. */
  ssl?: boolean | string
  /** Max number of connections, beside the three that write. Default 10. */
  pool?: number
  /** Whether new tables are page compressed if the engine does it at no cost (MariaDB). Default true. */
  pageCompression?: boolean
}

/** An embedded SQLite database. */
export interface SqliteOptions {
  /** Created, with its folder, if it is missing. */
  file: string
  /** Whether other processes store logs into the file at the same time. Default false. */
  isShared?: boolean
}

export type DatabaseOptions = MysqlOptions | SqliteOptions

/** One of several servers of the database. */
export interface HostState {
  /** `host:port`. */
  name: string
  /** Whether it is used. */
  isActive: boolean
  /** Whether it may be used. */
  isFit: boolean
  /** Its role, such as `PRIMARY` or `Synced`; or why it is not used, such as `read-only` or `ECONNREFUSED`. */
  state: string
}

/** Another server is used, or none (`to` is undefined); `from` is undefined at first. */
export interface HostChange {
  from: string | undefined
  to: string | undefined
  states: readonly HostState[]
}

export interface HostWatch {
  /** File that keeps the identity of the cluster. A server with another one is not used. Default: none. */
  identityFile?: string | undefined
  onChange: (change: HostChange) => void
}

/** The servers of a database of which one is used at a time. */
export interface DatabaseHosts {
  /** In the order of the settings. */
  readonly states: readonly HostState[]
  /** How often the server was changed. */
  readonly changes: number
  /** Checks the servers until `close`, and leaves one that is not fit any more. Before, one is chosen once. */
  watch (watch: HostWatch): void
  close (): void
}

/** Bounds the rows of one answer. */
export interface PageLimit {
  bytes: number
  /** Rows that are read in any case. */
  leastRows: number
  /** Milliseconds after which no row but the first is added. Default: any time. */
  ms?: number
}

export interface PageOfRows<Row = Record<string, unknown>> {
  rows: Row[]
  /** Estimated size of the rows. */
  bytes: number
  /** Whether further rows were left out to stay within the limit. */
  isCut: boolean
  /** Whether they were left out because the time was over. */
  isLate: boolean
}

/** A statement that reads: built by knex, or, for SQL that knex cannot express, with its bindings. */
export type ReadStatement = Knex.QueryBuilder | Knex.Raw | Condition

/** A piece of SQL with its bindings. */
export interface Condition {
  sql: string
  bindings: readonly Knex.Value[]
}

/**
 * A condition that holds for every row that matches.
 * Unless it is exact, it may hold for other rows, which are filtered out after they are read.
 */
export interface Preselection extends Condition {
  exact: boolean
}

/** Conditions that each database expresses in its own SQL; a condition that is null counts as false. */
export interface PlainConditions {
  /** Whether the column contains the pattern as whole words, in any case. */
  words (column: string, pattern: Pattern): Preselection
  /** Whether the whole text is like the pattern, in any case. */
  like (column: string, pattern: Pattern): Preselection
  /** Whether the attribute's text is like the pattern, in any case. */
  likeAttribute (attribute: Attribute, pattern: Pattern): Preselection
  /** Whether the column contains a match of an expression of RE2, in any case. */
  regex (column: string, source: string): Preselection
  /** Whether the attribute's text contains a match of an expression of RE2, in any case. */
  regexAttribute (attribute: Attribute, source: string): Preselection
  /** Whether the attribute is a number, or a text that is one, and compares so with `number`, in decimal digits. */
  number (attribute: Attribute, comparison: Comparison, number: string): Preselection
  exists (attribute: Attribute): Condition
  /**
   * Counts of the values of fields, columns or attributes, over all rows: a JSON list of `CountedValues`.
   *
   * Undefined where reading the rows, and counting here, takes less time.
   */
  valueCounts?: (fields: ReadonlyArray<string | Attribute>) => Condition
}

/** All conditions of searches and counts, which may use functions that only our connections have. */
export interface Conditions extends PlainConditions {
  /** The attribute as JSON if it is a text, a number or a boolean; else null. */
  json (attribute: Attribute): Condition
  /**
   * The logs of a user on one side of a place in the order of the key. The database finds it by the key, however many
   * logs have the same time; another condition on `log_event_at` on that side would hide the place from it.
   */
  beyond (comparison: '>' | '<' | '<=', place: { at: UtcTime, id: string }): Condition
  /** Holds for every row, and lets the database stop there; undefined if it can stop anywhere. */
  goesOn: Condition | undefined
  /**
   * The start of the interval of whole seconds that contains `log_event_at`, in seconds since 1970.
   *
   * Intervals are counted from `origin` (default 0), by a clock that is ahead of UTC by `offset` (default none).
   */
  bucket (seconds: number, origin?: number, offset?: Condition): Condition
}

/** SQL for people, who run it in any client of the database. */
export interface PlainSql {
  /** Name of the dialect, as the API gives it. */
  dialect: 'mysql' | 'sqlite'
  conditions: PlainConditions
  /** A text as a literal, whatever the settings of the session. */
  literal (text: string): string
}

/** One time partition of `user_logs`: queries read only the partitions that they need. */
export interface Partition {
  name: string
  /** Inclusive; undefined: everything before `until`. */
  from: UtcTime | undefined
  /** Exclusive; undefined: everything from `from` on. */
  until: UtcTime | undefined
  /** Estimated size on the disk. */
  bytes: number
}

/**
 * Partitions `user_logs` by time.
 * Writers wait no longer than for a slow commit, except for `divide` and `unite`, which copy the table.
 */
export interface Partitions {
  /** The danger of partitioning the table on this server; undefined where there is none. */
  findRisk (knex: Knex): Promise<string | undefined>
  /** The partitions in order; none if the table is not partitioned, or in another way. */
  list (knex: Knex): Promise<Partition[]>
  /** Estimated size of the whole table on the disk, in bytes. */
  size (knex: Knex): Promise<number>
  /** Partitions the table at these times, unless it is partitioned already, or cannot be. */
  divide (knex: Knex, edges: readonly UtcTime[]): Promise<void>
  unite (knex: Knex): Promise<void>
  /** Splits a partition at this time; the later part keeps the name. Copies its rows. */
  split (knex: Knex, partition: Partition, edge: UtcTime): Promise<void>
  /** Merges the next partition into the first. Copies their rows. */
  merge (knex: Knex, first: Partition, next: Partition): Promise<void>
  /** Moves all rows of a partition to a new table; the partition stays, empty. */
  takeOut (knex: Knex, partition: Partition, table: string): Promise<void>
  /** Stores the logs of such a table that fulfil the condition again. */
  putBack (knex: Knex, table: string, which: Condition): Promise<void>
}

/** Kind and version of a database. */
export interface DatabaseKind {
  kind: 'sqlite' | 'mysql' | 'mariadb'
  version: string
}

/** Facts of a database for people. Sizes are estimates. */
export interface DatabaseState {
  describe (knex: Knex): Promise<DatabaseKind>
  /** Size of all tables, and free bytes of the disk; undefined where the database does not tell. */
  size (knex: Knex): Promise<{ bytes: number, freeBytes: number | undefined }>
  /** SQL that selects `name`, `row_count` and `bytes` of each table. */
  tables: string
  /** SQL that selects `day` and `logs`: the logs of all batches by the day of their creation. */
  arrived: string
}

/** A table with a time for each row, and the columns of its primary key. */
export interface TimedTable {
  table: string
  key: readonly string[]
  time: string
}

/** A table and some of its columns. */
export interface TableColumns {
  table: string
  columns: readonly string[]
}

/** Copies whole tables from one database to another. */
export interface TableCopying {
  /** SQL that selects, for a table's name, `name`, `type` and `part` (in the primary key from 1; else 0) of columns. */
  columns: string
  /** Inserts rows in one transaction, or nothing. */
  insert (knex: Knex, into: TableColumns, rows: ReadonlyArray<readonly Cell[]>): Promise<void>
  /**
   * Reads while no other process can open the database, where the database is a file.
   * Rejects with DatabaseInUse if another process has it open.
   */
  readAlone<T> (knex: Knex, work: (knex: Knex) => Promise<T>): Promise<T>
}

/** Everything that differs between the databases. */
export interface Dialect {
  /** Opens the sink. Without the options that the database was opened with, it only uses the given knex. */
  openSink (knex: Knex, options?: DatabaseOptions): Promise<RowSink>
  /** Throws UnfitSession if this knex cannot store logs unchanged, or the server, as it is set up, stores none. */
  requireFit (knex: Knex): Promise<void>
  /** Throws UnfitSession if the session of a transaction is unfit. */
  requireFitSession (transaction: Knex): Promise<void>
  /** The database of a host app's knex, with a check of each session before its use. */
  guard (knex: Knex): Knex
  /** The ways in which the database, as it is set up, could lose committed data: a sentence each. */
  findRisks (knex: Knex): Promise<string[]>
  /** Settings of the database that cost speed: a sentence each. */
  findSlowSettings (knex: Knex): Promise<string[]>
  /** Deletes up to 2,000 rows of a table that are older; resolves to the number of deleted rows. */
  deleteOld (knex: Knex, table: TimedTable, before: UtcTime): Promise<number>
  conditions: Conditions
  plainSql: PlainSql
  /** How many ranges of `log_event_at`, joined by OR, one statement can read along the key. */
  maxTimes: number
  /** SQL of the ranges that `ingest_batches.times` lists: a table of them to join, and its columns. */
  listedTimes: { table: string, isFirst: string, firstAt: string, lastAt: string }
  /** Selects, as `edge`, each user's first or last `log_event_at` within the condition; one key lookup per user. */
  edges: (extreme: 'MIN' | 'MAX', within: string) => string
  /** Sorts a user's logs, newest first, without reading the key backwards; undefined if reading it so is as fast. */
  newestFirst: string | undefined
  /** SQL of a column's first characters, and of the bytes of the whole text. */
  cutText (column: string, characters: number): { text: string, bytes: string }
  /** Options to open the database again for searches, if they would block other users of this knex; else undefined. */
  readerOptions (knex: Knex): DatabaseOptions | undefined
  /** The servers of this knex; undefined where there is one, or none. */
  hostsOf (knex: Knex): DatabaseHosts | undefined
  /** Reads rows. Rejects with the signal's reason once it is aborted; the database then stops, too. */
  query<Row = Record<string, unknown>> (knex: Knex, statement: ReadStatement, signal: AbortSignal): Promise<Row[]>
  /** Reads the first rows that together stay within the limit; else as `query`. */
  queryUpTo<Row = Record<string, unknown>> (
    knex: Knex, statement: ReadStatement, limit: PageLimit, signal: AbortSignal
  ): Promise<PageOfRows<Row>>
  /** SQL of the database's clock, as a UtcTime. */
  now: string
  /** SQL of a time that is these milliseconds before the database's clock, for columns of times. */
  ago (milliseconds: number): string
  /** SQL of the database's clock, in whole milliseconds since 1970. */
  nowMs: string
  /** Opens a pool of one connection beside this knex's own; undefined if that is impossible or has no use. */
  openControl (knex: Knex): Knex | undefined
  /** Closes a connection that hangs, if the database allows it. */
  cut (knex: Knex, connection: unknown): void
  /** Whether several processes may write at once. An embedded database has one server, unless its file is shared. */
  hasManyWriters (knex: Knex): boolean
  state: DatabaseState
  copying: TableCopying
  /** Undefined if the database does not partition tables. */
  partitions: Partitions | undefined
  /** The options after the columns of a new table. A clustered table is stored in the order of its primary key. */
  tableOptions (knex: Knex, clustered: boolean): Promise<string>
  /** Whether the error is a duplicate in a unique key. */
  isDuplicate (error: unknown): boolean
  /** Whether the connection failed, or was lost. */
  isUnreachable (error: unknown): boolean
  /** Whether the error may pass by itself: it is not caused by settings, privileges or the statement. */
  mayPass (error: unknown): boolean
  /** The class of an error of a sink. */
  classify (error: unknown): ErrorClass
  /** The reason of a sink's error, for people: it quotes no statement. */
  reason (error: unknown): string
  /** Folder beside the database for files of records that no table can hold; undefined on a remote database. */
  keptFolder (knex: Knex): string | undefined
}
