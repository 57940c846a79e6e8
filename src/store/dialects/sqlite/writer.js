// The thread that writes logs to the embedded database.
import { workerData } from 'node:worker_threads'
import { answerQuestions, openDatabase, toErrorText } from './answers.js'

/** @import { RowBatch, Value } from '../row-sink.ts' */
/** @import { Handlers, Inserted, InsertedRowByRow, WriterProtocol, WriterSetup } from './messages.ts' */

/** Bytes of a row's hash in `once.hashes`. */
const hashBytes = 16

/** @type {WriterSetup} */
const { columns, dataCodes, ownKey } = workerData
const database = openDatabase()

const insertKey = prepareInsert('INSERT OR IGNORE', 'ingest_batches', columns.batches)
const insertLog = prepareInsert('INSERT', 'user_logs', columns.logs)
const insertDeadLetter = prepareInsert('INSERT', 'dead_letters', columns.deadLetters)
const insertRecent = database.prepare(`
  INSERT INTO recent_logs (user_id, log_hash, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (user_id, log_hash) DO UPDATE SET expires_at = MAX(expires_at, excluded.expires_at)
    WHERE expires_at <= ? OR expires_at >= ?`)

/**
 * @param {'INSERT' | 'INSERT OR IGNORE'} verb
 * @param {string} table
 * @param {readonly string[]} names
 */
function prepareInsert (verb, table, names) {
  return database.prepare(`${verb} INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
}

const insert = database.transaction((/** @type {readonly RowBatch[]} */ batches) => {
  /** @type {Inserted} */
  const inserted = { known: [], repeated: [] }
  for (const [index, batch] of batches.entries()) {
    let repeated = 0
    if (!isNew(batch)) {
      inserted.known.push(index)
    } else {
      for (const [row, values] of batch.rows.entries()) {
        if (isRepeated(batch, row)) repeated++
        else insertLog.run(values)
      }
      for (const letter of batch.rejected) insertDeadLetter.run(letter)
    }
    inserted.repeated.push(repeated)
  }
  return inserted
})

/**
 * Stores the batch's key; false if it was stored before.
 * @param {RowBatch} batch
 */
function isNew ({ userId, key, createdAt, firstId, firstAt, lastAt, times, rows }) {
  return insertKey.run(userId, key, createdAt, firstId, rows.length, firstAt, lastAt, times).changes > 0
}

/**
 * Whether the row was sent before; remembers it if it was not.
 * @param {Pick<RowBatch, 'userId' | 'once'>} batch
 * @param {number} index
 */
function isRepeated ({ userId, once }, index) {
  const start = index * hashBytes
  if (once === undefined || start >= once.hashes.length) return false
  const hash = once.hashes.subarray(start, start + hashBytes)
  return insertRecent.run(userId, hash, once.expiresAt, once.arrivedAt, once.expiresBefore).changes === 0
}

/** A piece of a batch failed in a way that ends the transaction. */
class PieceFailed extends Error {
  /**
   * @param {number} index
   * @param {'log' | 'letter'} as
   * @param {unknown} cause
   */
  constructor (index, as, cause) {
    super('a piece of the batch could not be stored', { cause })
    this.index = index
    this.as = as
  }
}

/** @typedef {WriterProtocol['insertRowByRow']['question']} UntriedBatch */

const insertRowByRow = database.transaction((/** @type {UntriedBatch} */ batch) => {
  if (!isNew(batch)) return /** @type {InsertedRowByRow} */ ({ kind: 'known' })
  let deadLetters = 0
  let repeated = 0
  for (const [index, row] of batch.rows.entries()) {
    if (isRepeated(batch, index)) {
      repeated++
      continue
    }
    if (batch.kept.has(index)) continue
    const reason = batch.condemned.get(index) ?? tryRow(index, row)
    if (reason === undefined) continue
    deadLetters++
    storeDeadLetter(index, [...batch.letters[index] ?? [], reason])
  }
  for (const [index, letter] of batch.rejected.entries()) {
    if (!batch.kept.has(batch.rows.length + index)) storeDeadLetter(batch.rows.length + index, letter)
  }
  return /** @type {InsertedRowByRow} */ ({ kind: 'stored', deadLetters, repeated })
})

/**
 * Stores the row, or returns the reason why the database refuses it.
 * @param {number} index
 * @param {readonly Value[]} row
 */
function tryRow (index, row) {
  try {
    insertLog.run(row)
  } catch (error) {
    const { code = '', message } = toErrorText(error)
    // A trigger may have rolled back the whole transaction, with the rows before this one.
    const isRefusal = dataCodes.test(code) && !ownKey.test(message) && database.inTransaction
    if (!isRefusal) throw new PieceFailed(index, 'log', error)
    return message.slice(0, 255)
  }
}

/**
 * @param {number} index
 * @param {readonly Value[]} letter
 */
function storeDeadLetter (index, letter) {
  try {
    insertDeadLetter.run(letter)
  } catch (error) {
    throw new PieceFailed(index, 'letter', error)
  }
}

/** @type {Handlers<WriterProtocol>} */
const handlers = {
  insert: (batches) => insert.immediate(batches),

  insertRowByRow (batch) {
    try {
      return insertRowByRow.immediate(batch)
    } catch (error) {
      if (!(error instanceof PieceFailed)) throw error
      return { kind: 'failed', index: error.index, as: error.as, error: toErrorText(error.cause) }
    }
  },

  // If the row itself breaks a rule, the database still stores rows that keep it.
  probe (row) {
    database.exec('BEGIN IMMEDIATE')
    try {
      insertLog.run(row)
    } catch (error) {
      if (!dataCodes.test(toErrorText(error).code ?? '')) throw error
    } finally {
      if (database.inTransaction) database.exec('ROLLBACK')
    }
    return undefined
  }
}
answerQuestions(database, handlers)
