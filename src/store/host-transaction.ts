import type { Knex } from 'knex'
import { NotATransaction } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import { batchColumns, deadLetterColumns, logColumns } from './columns.ts'
import type { Value } from './dialects/row-sink.ts'
import { dialectOf } from './dialects/index.ts'
import type { AdmittedBatch } from '../model/batch.ts'
import { toRows } from './rows.ts'

/** A transaction that a host app began, and ends itself. */
export type HostTransaction = Knex.Transaction

/** Rows of one statement: knex allows no more for SQLite. */
const maxStatementRows = 500
/**
 * UTF-16 units of one statement of several rows. At three bytes each they fit the smallest usual `max_allowed_packet`,
 * 1 MiB.
 */
const maxStatementUnits = 256 * 1024

/** Throws NotATransaction unless it is a transaction that is still open. */
export function requireTransaction (knex: HostTransaction): void {
  if (knex.isTransaction !== true || knex.isCompleted()) throw new NotATransaction()
}

/**
 * Inserts the batch and its key inside the transaction, or nothing. Resolves to false if the key was stored before.
 * Rejects with the database's error; the transaction stays open, unless the database ended it.
 */
export async function insertInside (
  transaction: HostTransaction, batch: AdmittedBatch, createdAt: UtcTime
): Promise<boolean> {
  await dialectOf(transaction).requireFitSession(transaction)
  let failure: unknown
  try {
    return await transaction.transaction(async (savepoint) => {
      try {
        return await insertBatch(savepoint, batch, createdAt)
      } catch (error) {
        failure = error
        throw error
      }
    })
  } catch (error) {
    // A deadlock removes the savepoint, and the error about that would hide the deadlock.
    throw failure ?? error
  }
}

async function insertBatch (knex: Knex, batch: AdmittedBatch, createdAt: UtcTime): Promise<boolean> {
  const { userId, key, firstId, firstAt, lastAt, times, rows, rejected } = toRows(batch, createdAt)
  const keyRow = [userId, key, createdAt, firstId, rows.length, firstAt, lastAt, times]
  try {
    await insertRows(knex, 'ingest_batches', batchColumns, [keyRow])
  } catch (error) {
    if (dialectOf(knex).isDuplicate(error)) return false
    throw error
  }
  await insertRows(knex, 'user_logs', logColumns, rows)
  await insertRows(knex, 'dead_letters', deadLetterColumns, rejected)
  return true
}

type Row = ReadonlyArray<Value | Buffer>

async function insertRows (knex: Knex, table: string, columns: readonly string[], rows: readonly Row[]): Promise<void> {
  for (const part of statementsOf(rows)) {
    await knex(table).insert(part.map((row) => Object.fromEntries(row.map((value, index) => [columns[index], value]))))
  }
}

/** Divides rows into the parts that one statement may insert. */
function * statementsOf (rows: readonly Row[]): Generator<Row[]> {
  let part: Row[] = []
  let units = 0
  for (const row of rows) {
    const rowUnits = unitsOf(row)
    if (part.length === maxStatementRows || (part.length > 0 && units + rowUnits > maxStatementUnits)) {
      yield part
      part = []
      units = 0
    }
    part.push(row)
    units += rowUnits
  }
  if (part.length > 0) yield part
}

function unitsOf (row: Row): number {
  let units = 0
  for (const value of row) if (typeof value === 'string') units += value.length
  return units
}

/**
 * Resolves once the outermost transaction has ended, to whether its connection was lost.
 * It may then have been committed, or may still be.
 */
export async function untilEnded (transaction: HostTransaction): Promise<boolean> {
  let outermost = transaction
  while (outermost.parentTransaction) outermost = outermost.parentTransaction
  try {
    await outermost.executionPromise
    return false
  } catch (error) {
    return dialectOf(transaction).isUnreachable(error)
  }
}

/** Whether the batch is stored with its key and its ids. */
export async function isStored (knex: Knex, { userId, key, firstId }: AdmittedBatch): Promise<boolean> {
  const row = { user_id: userId, batch_key: key, first_id: firstId.toString() }
  return await knex('ingest_batches').where(row).first('user_id') !== undefined
}
