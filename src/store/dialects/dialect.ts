import type { Knex } from 'knex'
import type { Attribute, Pattern } from '../../query/filter.ts'
import type { Comparison } from '../../text/values.js'
import type { ErrorClass, KnownPieces } from '../../model/batch-store.ts'
import type { UtcTime } from '../../model/instant.ts'

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
  /** Connections at most, beside the three that write. Default 10. */
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

/** A value as it stands in a row. */
export type Value = string | number | null

/**
 * How the rows of a batch are known that were stored before: by rows of `recent_logs` that expire after the batch arrived, and
 * before its own would if it had come a window later. So a row counts that came within a window before it, or after: it may have waited in
 * the spool.
 */
export interface RowOnce {
  /** 16 bytes for each of the first rows, all different. */
  hashes: Uint8Array
  arrivedAt: UtcTime
  expiresAt: UtcTime
  expiresBefore: UtcTime
}

/** A batch as rows of `user_logs`, in the order of `logColumns`. */
export interface RowBatch {
  userId: number
  /** 16 bytes, unique to the user. */
  key: Buffer
  createdAt: UtcTime
  firstId: string
  /** Between these its rows stand in the key of `user_logs`; null where it has none. */
  firstAt: UtcTime | null
  lastAt: UtcTime | null
  rows: ReadonlyArray<readonly Value[]>
  /** Dead letters that go with them, in the order of `deadLetterColumns`. */
  rejected: ReadonlyArray<readonly Value[]>
  /** Rows that are known by this are left out. */
  once?: RowOnce
  /** Told here by the sink, before it commits: how many rows were left out. */
  repeated?: number
}

/** A batch that is stored row by row: for each record there is the dead letter that would take its place. */
export interface RowByRowBatch extends RowBatch, KnownPieces {
  /** In the order of `deadLetterColumns`, all but the last, which is the reason. */
  letters: ReadonlyArray<readonly Value[]>
}

/** The way of rows into the database. */
export interface RowSink {
  /**
   * One transaction: every batch with its key, or nothing. Resolves to the batches whose key was
   * stored before, of which nothing is stored again. Rejects soon after the signal: whether the
   * transaction took place is then unknown, which the keys make harmless.
   */
  insert (batches: readonly RowBatch[], signal: AbortSignal): Promise<ReadonlySet<RowBatch>>
  /**
   * One transaction, row by row: what the database refuses becomes a dead letter. Resolves to how
   * many did, or to undefined where the key was stored before. Rejects with PieceFailed where a piece fails in another way,
   * of which the transaction may have ended. The signal is as above.
   */
  insertRowByRow (batch: RowByRowBatch, signal: AbortSignal): Promise<number | undefined>
  /** Rejects while the database stores no row of about so many bytes; it is taken back. */
  probe (bytes: number, signal: AbortSignal): Promise<void>
  close (): Promise<void>
}

/** Bounds the rows of one answer. */
export interface PageLimit {
  bytes: number
  /** Rows that are read in any case. */
  leastRows: number
}

export interface PageOfRows<Row = Record<string, unknown>> {
  rows: Row[]
  /** Estimated size of the rows. */
  bytes: number
  /** Whether further rows were left out to stay within the limit. */
  isCut: boolean
}

/** A statement that reads: built by knex, or, for SQL that knex cannot express, with its bindings. */
export type ReadStatement = Knex.QueryBuilder | Knex.Raw | Condition

/** A piece of SQL with its bindings. */
export interface Condition {
  sql: string
  bindings: readonly Knex.Value[]
}

/** A condition that holds wherever it should; unless it is exact, it may hold for others, too, which are then to be tested here. */
export interface Preselection extends Condition {
  exact: boolean
}

/** How the database asks for what its SQL does in a way of its own; null is as good as false. */
export interface Conditions {
  /** Whether the column holds the pattern as whole words, any case. */
  words (column: string, pattern: Pattern): Preselection
  /** Whether the whole text is like the pattern, any case. */
  like (column: string, pattern: Pattern): Preselection
  /** Whether the attribute's text is like the pattern, any case. */
  likeAttribute (attribute: Attribute, pattern: Pattern): Preselection
  /** Whether the column holds a match of an expression of RE2, any case. */
  regex (column: string, source: string): Preselection
  /** Whether the attribute's text holds one. */
  regexAttribute (attribute: Attribute, source: string): Preselection
  /** The attribute as JSON, where it has a text: where it is one, a number or a boolean. */
  json (attribute: Attribute): Condition
  /** Whether the attribute is a number, or a text that is one, and compares so with this one, in decimal digits. */
  number (attribute: Attribute, comparison: Comparison, number: string): Preselection
  exists (attribute: Attribute): Condition
  /** Holds for every row, and lets the database stop there; undefined where it stops anywhere. */
  goesOn: Condition | undefined
  /**
   * When the interval of so many whole seconds began that `log_event_at` is in, in seconds since 1970, by a clock that is ahead of
   * UTC by an offset. Intervals are counted from an origin. Default: neither.
   */
  bucket (seconds: number, origin?: number, offset?: Condition): Condition
}

/** The part of `user_logs` between two times, of which nobody needs to read the others. */
export interface Partition {
  name: string
  /** Itself included; undefined: everything before `until`. */
  from: UtcTime | undefined
  /** Without it; undefined: everything from `from` on. */
  until: UtcTime | undefined
  /** About, on the disk. */
  bytes: number
}

/** How `user_logs` is divided by time. Writers wait for none of it longer than for a slow commit, but for `divide` and `unite`, which copy the table. */
export interface Partitions {
  /** In their order; none where the table is not divided, or in another way. */
  list (knex: Knex): Promise<Partition[]>
  /** Of the whole table, in bytes on the disk, about. */
  size (knex: Knex): Promise<number>
  /** Divides the table at these times, unless it is divided, or can't be. */
  divide (knex: Knex, edges: readonly UtcTime[]): Promise<void>
  unite (knex: Knex): Promise<void>
  /** Divides one at this time; what is later keeps the name. Copies what is in it. */
  split (knex: Knex, partition: Partition, edge: UtcTime): Promise<void>
  /** The first one takes in the next. Copies what is in them. */
  merge (knex: Knex, first: Partition, next: Partition): Promise<void>
  /** Makes a table of this name of all that is in it; it stays, empty. */
  takeOut (knex: Knex, partition: Partition, table: string): Promise<void>
  /** Stores those logs of such a table again. */
  putBack (knex: Knex, table: string, which: Condition): Promise<void>
}

/** A table with a time for each row, and its primary key. */
export interface TimedTable {
  table: string
  key: readonly string[]
  time: string
}

/** All that differs from one database to the other. */
export interface Dialect {
  /** With the options that the database was opened with; without, it goes through the given knex alone. */
  openSink (knex: Knex, options?: DatabaseOptions): Promise<RowSink>
  /** Throws UnfitSession where this knex can't store logs as they are, or, as the server is set up, none. */
  requireFit (knex: Knex): Promise<void>
  /** Throws UnfitSession where the session of a transaction is not fit. */
  requireFitSession (transaction: Knex): Promise<void>
  /** The database of a knex that somebody else set up, no session of which is used that is not fit. */
  guard (knex: Knex): Knex
  /** How the database, as it is set up, could lose what it committed: a sentence each. */
  findRisks (knex: Knex): Promise<string[]>
  /** Deletes at most 2,000 of a table's rows that are older; resolves to how many. */
  deleteOld (knex: Knex, table: TimedTable, before: UtcTime): Promise<number>
  conditions: Conditions
  /** Selects, as `edge`, the first or last `log_event_at` of each user that has logs within the condition, by one look at the key for each. */
  edges: (extreme: 'MIN' | 'MAX', within: string) => string
  /** How to sort a user's logs, the newest first, without reading the key backwards, where that is slower than forwards and sorting. */
  newestFirst: string | undefined
  /** How to open the database anew for those who read much, where they would keep others from this knex; else undefined. */
  readerOptions (knex: Knex): DatabaseOptions | undefined
  /** Reads rows. Rejects with the signal's reason once it is aborted; the database then stops, too. */
  query<Row = Record<string, unknown>> (knex: Knex, statement: ReadStatement, signal: AbortSignal): Promise<Row[]>
  /** Reads the first rows that together stay within the limit; else as `query`. */
  queryUpTo<Row = Record<string, unknown>> (
    knex: Knex, statement: ReadStatement, limit: PageLimit, signal: AbortSignal
  ): Promise<PageOfRows<Row>>
  /** The database's own clock, as a UtcTime; and in whole milliseconds since 1970. */
  now: string
  nowMs: string
  /** A pool of one connection beside this knex's own; undefined where it is not to be had, or not worth having. */
  openControl (knex: Knex): Knex | undefined
  /** Ends a connection that hangs, as far as that can be done. */
  cut (knex: Knex, connection: unknown): void
  /** Whether several processes may store at once: an embedded database has one server. */
  hasManyWriters: boolean
  /** Undefined where a table is one piece. */
  partitions: Partitions | undefined
  /** What follows the columns of a new table. A clustered one is stored in the order of its primary key. */
  tableOptions (knex: Knex, clustered: boolean): Promise<string>
  /** Whether a unique key was taken already. */
  isDuplicate (error: unknown): boolean
  /** Whether the database is away, or went away. */
  isUnreachable (error: unknown): boolean
  /** Whether an error may be over by itself: it does not come of the settings, of a privilege or of what was asked for. */
  mayPass (error: unknown): boolean
  /** What the error of a sink means. */
  classify (error: unknown): ErrorClass
  /** What may be told of an error of a sink. */
  reason (error: unknown): string
  /** Where files are kept of what no table takes, beside the database; undefined where that is another machine's. */
  keptFolder (knex: Knex): string | undefined
}
