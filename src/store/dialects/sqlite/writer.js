// The thread that writes logs to the embedded database.
//
//   { batches }  → { known }          the indexes of the batches that were stored before
//   { rowByRow } → { known, dead }    one batch, of which so many rows became dead letters
//                → { failed }         the piece at which it ended: index, as ('log' or 'letter'), code, message
//   { probe }    → {}                 that row could be stored, and was not
import { workerData } from 'node:worker_threads'
import { answerQuestions, openDatabase } from './answers.js'

const database = openDatabase()
const dataCodes = new RegExp(workerData.dataCodes)
const ownKey = new RegExp(workerData.ownKey)

const insertKey = prepareInsert('INSERT OR IGNORE', 'ingest_batches', workerData.batchColumns)
const insertLog = prepareInsert('INSERT', 'user_logs', workerData.logColumns)
const insertDeadLetter = prepareInsert('INSERT', 'dead_letters', workerData.deadLetterColumns)

function prepareInsert (verb, table, columns) {
  return database.prepare(`${verb} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
}

const insert = database.transaction((batches) => {
  const known = []
  for (const [index, batch] of batches.entries()) {
    if (!isNew(batch)) {
      known.push(index)
      continue
    }
    for (const row of batch.rows) insertLog.run(row)
    for (const letter of batch.rejected) insertDeadLetter.run(letter)
  }
  return { known, dead: 0 }
})

function isNew ({ userId, key, createdAt, firstId, firstAt, lastAt, rows }) {
  return insertKey.run(userId, key, createdAt, firstId, rows.length, firstAt, lastAt).changes > 0
}

/** The piece of a batch that could not be stored, in a way that ends the transaction. */
class PieceFailed extends Error {
  constructor (index, as, { code, message }) {
    super(message)
    this.failed = { index, as, code, message }
  }
}

const insertRowByRow = database.transaction((batch) => {
  if (!isNew(batch)) return { known: [0], dead: 0 }
  let dead = 0
  for (const [index, row] of batch.rows.entries()) {
    if (batch.kept.has(index)) continue
    const reason = batch.condemned.get(index) ?? refusalOf(index, row)
    if (reason === undefined) continue
    dead++
    bury(index, [...batch.letters[index], reason])
  }
  for (const [index, letter] of batch.rejected.entries()) {
    if (!batch.kept.has(batch.rows.length + index)) bury(batch.rows.length + index, letter)
  }
  return { known: [], dead }
})

/** Stores the row, or returns why the database refuses it. */
function refusalOf (index, row) {
  try {
    insertLog.run(row)
  } catch (error) {
    // A trigger may also have rolled all back, the rows before it, too.
    if (!dataCodes.test(error.code) || ownKey.test(error.message) || !database.inTransaction) throw new PieceFailed(index, 'log', error)
    return error.message.slice(0, 255)
  }
}

function bury (index, letter) {
  try {
    insertDeadLetter.run(letter)
  } catch (error) {
    throw new PieceFailed(index, 'letter', error)
  }
}

/** Stores a row and takes it back. What keeps to the rules is stored, even if this row does not. */
function probe (row) {
  database.exec('BEGIN IMMEDIATE')
  try {
    insertLog.run(row)
  } catch (error) {
    if (!dataCodes.test(error.code)) throw error
  } finally {
    if (database.inTransaction) database.exec('ROLLBACK')
  }
  return {}
}

answerQuestions(database, ({ batches, rowByRow, probe: row }) => {
  if (row) return probe(row)
  if (batches) return insert.immediate(batches)
  try {
    return insertRowByRow.immediate(rowByRow)
  } catch (error) {
    if (error instanceof PieceFailed) return { failed: error.failed }
    throw error
  }
})
