// Messages between the server and the threads of the embedded database: types that both sides share.
//
//   server → thread   { id, kind, question }, or 'close' once nothing more is asked
//   thread → server   { kind: 'answer', id, answer } or { kind: 'error', id, error }
import type { PageLimit, PageOfRows } from '../dialect.ts'
import type { RowBatch, RowByRowBatch, Value } from '../row-sink.ts'

/** The kinds of question that a thread answers, each with its question and its answer. */
export type Protocol = Record<string, { question: unknown, answer: unknown }>

/** A question in its envelope. */
export type Question<P extends Protocol, Kind extends keyof P = keyof P> = {
  [K in Kind]: { id: number, kind: K, question: P[K]['question'] }
}[Kind]

/** An answer in its envelope. */
export type Reply<P extends Protocol> =
  | { kind: 'answer', id: number, answer: P[keyof P]['answer'] }
  | { kind: 'error', id: number, error: ErrorText }

/** A function for each kind of question. */
export type Handlers<P extends Protocol> = { [K in keyof P]: (question: P[K]['question']) => P[K]['answer'] }

/** The part of an error that one thread can send to another. */
export interface ErrorText {
  /** SQLite's name of the error, such as `SQLITE_BUSY`. */
  code: string | undefined
  message: string
}

/** A thread that is one connection of knex. */
export type ConnectionProtocol = {
  run: { question: Statement, answer: StatementResult }
}

export interface Statement {
  sql: string
  bindings: readonly unknown[]
  /** Bounds what is read. Default: all rows. */
  limit?: PageLimit
}

export type StatementResult =
  | { kind: 'rows', rows: Array<Record<string, unknown>> }
  | { kind: 'page', page: PageOfRows }
  | { kind: 'change', changes: number, lastInsertRowid: number | bigint }

/** The thread that writes logs. */
export type WriterProtocol = {
  insert: { question: readonly RowBatch[], answer: Inserted }
  insertRowByRow: { question: Omit<RowByRowBatch, 'trying'>, answer: InsertedRowByRow }
  /** Checks that the database stores this row of `user_logs`, and takes it back. */
  probe: { question: readonly Value[], answer: undefined }
}

export interface Inserted {
  /** Indexes of the batches that were stored before. */
  known: number[]
  /** For each batch, the number of its rows that were left out as repeated. */
  repeated: number[]
}

export type InsertedRowByRow =
  | { kind: 'stored', deadLetters: number, repeated: number }
  /** The batch was stored before. */
  | { kind: 'known' }
  /** The piece at which the transaction ended. */
  | { kind: 'failed', index: number, as: 'log' | 'letter', error: ErrorText }

/** The `workerData` of every thread. */
export interface ThreadData {
  file: string
  /** Path of the better-sqlite3 package. */
  driver: string
  pragmas: readonly string[]
}

/** The rest of the writer's `workerData`. */
export interface WriterSetup {
  columns: { logs: readonly string[], batches: readonly string[], deadLetters: readonly string[] }
  /** Matches the codes of errors that are about the data. */
  dataCodes: RegExp
  /** Matches the messages about a duplicate id of our own. */
  ownKey: RegExp
}
