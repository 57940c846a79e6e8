import type { Knex } from 'knex'
import { NotATransaction } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import { batchColumns, deadLetterColumns, logColumns } from './columns.ts'
import type { Value } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import type { AdmittedBatch } from '../model/batch.ts'
import { toRows } from './rows.ts'

/** A transaction that a host app began, and will commit or roll back. */
export type HostTransaction = Knex.Transaction

/** A statement has so many rows at most: knex takes no more for SQLite. */
const statementRows = 500
/** And about so many UTF-16 units, or one row: of three bytes each they fit the smallest usual `max_allowed_packet`, 1 MiB. */
const statementUnits = 256 * 1024

/** Throws NotATransaction where it is anything else, or over. */
export function requireTransaction (knex: HostTransaction): void {
  if (knex.isTransaction !== true || knex.isCompleted()) throw new NotATransaction()
}

/**
 * Puts the batch, its key with it, into the transaction, or nothing of it. Resolves to false where the key was stored
 * before. Rejects with what the database says; the transaction goes on, unless the database ended it.
 */
export async function insertInside (transaction: HostTransaction, batch: AdmittedBatch, createdAt: UtcTime): Promise<boolean> {
  await dialectOf(transaction).requireFitSession(transaction)
  let failure: unknown
  try {
    return await transaction.transaction((savepoint) => insertBatch(savepoint, batch, createdAt).catch((error) => {
      failure = error
      throw error
    }))
  } catch (error) {
    // After a deadlock there is no savepoint to go back to, but that is not what the host needs to hear.
    throw failure ?? error
  }
}

async function insertBatch (knex: Knex, batch: AdmittedBatch, createdAt: UtcTime): Promise<boolean> {
  const { userId, key, firstId, firstAt, lastAt, rows, rejected } = toRows(batch, createdAt)
  try {
    await insertRows(knex, 'ingest_batches', batchColumns, [[userId, key, createdAt, firstId, rows.length, firstAt, lastAt]])
  } catch (error) {
    if (dialectOf(knex).isDuplicate(error)) return false
    throw error
  }
  await insertRows(knex, 'user_logs', logColumns, rows)
  await insertRows(knex, 'dead_letters', deadLetterColumns, rejected)
  return true
}

async function insertRows (knex: Knex, table: string, columns: readonly string[], rows: ReadonlyArray<ReadonlyArray<Value | Buffer>>): Promise<void> {
  for (let start = 0; start < rows.length;) {
    let end = start
    for (let units = 0; end < rows.length && end - start < statementRows; end++) {
      for (const value of rows[end]!) if (typeof value === 'string') units += value.length
      if (units > statementUnits && end > start) break
    }
    await knex(table).insert(rows.slice(start, end).map((row) => Object.fromEntries(row.map((value, index) => [columns[index], value]))))
    start = end
  }
}

/** Resolves once the outermost transaction is over, to whether its connection was lost: then it may have taken place, or still may. */
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

/** Whether the batch is stored: under its key, and with its ids. */
export async function isStored (knex: Knex, { userId, key, firstId }: AdmittedBatch): Promise<boolean> {
  return await knex('ingest_batches').select('user_id').where({ user_id: userId, batch_key: key, first_id: firstId.toString() }).first() !== undefined
}
