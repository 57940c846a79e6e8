// The thread that writes logs to the embedded database.
//
//   batches                       → { known }         the indexes of the batches that were stored before
//   batches (one), sparing: true  → { known, dead }   how many rows became dead letters
import { workerData } from 'node:worker_threads'
import { answerQuestions, openDatabase } from './sqlite-answers.js'

const database = openDatabase()

const insertKey = prepareInsert('INSERT OR IGNORE', 'ingest_batches', workerData.batchColumns)
const insertLog = prepareInsert('INSERT', 'user_logs', workerData.logColumns)
const insertDeadLetter = prepareInsert('INSERT', 'dead_letters', workerData.deadLetterColumns)

function prepareInsert (verb, table, columns) {
  return database.prepare(`${verb} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
}

const insert = database.transaction(({ batches, sparing }) => {
  const known = []
  let dead = 0
  for (const [index, { userId, key, createdAt, firstId, firstAt, lastAt, rows, letters, rejected }] of batches.entries()) {
    if (insertKey.run(userId, key, createdAt, firstId, rows.length, firstAt, lastAt).changes === 0) {
      known.push(index)
      continue
    }
    if (sparing) dead += insertEach(rows, letters)
    else for (const row of rows) insertLog.run(row)
    for (const letter of rejected) insertDeadLetter.run(letter)
  }
  return { known, dead }
})

function insertEach (rows, letters) {
  let dead = 0
  for (const [index, row] of rows.entries()) {
    try {
      insertLog.run(row)
    } catch (error) {
      if (!workerData.refused.test(error.code)) throw error
      dead++
      insertDeadLetter.run([...letters[index], error.message.slice(0, 255)])
    }
  }
  return dead
}

answerQuestions(database, (question) => insert.immediate(question))
