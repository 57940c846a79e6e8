// The thread that writes logs to the embedded database.
//
//   { batches }  → { known, repeated }          the indexes of the batches that were stored before; of each, how many rows were left out
//   { rowByRow }  → { known, repeated, dead }    one batch, of which so many rows became dead letters
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
const insertRecent = database.prepare(`
  INSERT INTO recent_logs (user_id, log_hash, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (user_id, log_hash) DO UPDATE SET expires_at = MAX(expires_at, excluded.expires_at) WHERE expires_at <= ? OR expires_at >= ?`)

function prepareInsert (verb, table, columns) {
  return database.prepare(`${verb} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
}

const insert = database.transaction((batches) => {
  const known = []
  const repeated = batches.map(() => 0)
  for (const [index, batch] of batches.entries()) {
    if (!isNew(batch)) {
      known.push(index)
      continue
    }
    for (const [row, values] of batch.rows.entries()) {
      if (isRepeated(batch, row)) repeated[index]++
      else insertLog.run(values)
    }
    for (const letter of batch.rejected) insertDeadLetter.run(letter)
  }
  return { known, repeated, dead: 0 }
})

function isNew ({ userId, key, createdAt, firstId, firstAt, lastAt, rows }) {
  return insertKey.run(userId, key, createdAt, firstId, rows.length, firstAt, lastAt).changes > 0
}

/** Whether the row was sent before; remembers it where it was not. */
function isRepeated ({ userId, once }, index) {
  const start = index * 16
  if (once === undefined || start >= once.hashes.length) return false
  return insertRecent.run(userId, once.hashes.subarray(start, start + 16), once.expiresAt, once.arrivedAt, once.expiresBefore).changes === 0
}

/** The piece of a batch that could not be stored, in a way that ends the transaction. */
class PieceFailed extends Error {
  constructor (index, as, { code, message }) {
    super(message)
    this.failed = { index, as, code, message }
  }
}

const insertRowByRow = database.transaction((batch) => {
  if (!isNew(batch)) return { known: [0], repeated: [0], dead: 0 }
  let dead = 0
  let repeated = 0
  for (const [index, row] of batch.rows.entries()) {
    if (isRepeated(batch, index)) {
      repeated++
      continue
    }
    if (batch.kept.has(index)) continue
    const reason = batch.condemned.get(index) ?? refusalOf(index, row)
    if (reason === undefined) continue
    dead++
    bury(index, [...batch.letters[index], reason])
  }
  for (const [index, letter] of batch.rejected.entries()) {
    if (!batch.kept.has(batch.rows.length + index)) bury(batch.rows.length + index, letter)
  }
  return { known: [], repeated: [repeated], dead }
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
