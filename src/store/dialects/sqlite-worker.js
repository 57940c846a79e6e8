// The thread that writes to the embedded database, so that no commit ever blocks the event loop.
// Plain JavaScript, because a thread would have to load a compiler for anything else.
//
//   { id, batches }         → { id, known }   the indexes of the batches that were stored before
//   { id, batches: [one], sparing: true } → { id, known, dead }   how many rows became dead letters
//                           → { id, error }   { code, message }; nothing is stored
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

const Database = createRequire(import.meta.url)(workerData.driver)
const database = new Database(workerData.file, { timeout: 5000 })
for (const pragma of workerData.pragmas) database.pragma(pragma)
const full = 2
if (database.pragma('synchronous', { simple: true }) !== full) throw new Error('SQLite does not sync its commits')

const insertKey = prepareInsert('INSERT OR IGNORE', 'ingest_batches', ['user_id', 'batch_key', 'created_at'])
const insertLog = prepareInsert('INSERT', 'user_logs', workerData.logColumns)
const insertDeadLetter = prepareInsert('INSERT', 'dead_letters', workerData.deadLetterColumns)

function prepareInsert (verb, table, columns) {
  return database.prepare(`${verb} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
}

const insert = database.transaction(({ batches, createdAt, sparing }) => {
  const known = []
  let dead = 0
  for (const [index, { userId, key, rows, letters }] of batches.entries()) {
    if (insertKey.run(userId, key, createdAt).changes === 0) known.push(index)
    else if (sparing) dead += insertEach(rows, letters)
    else for (const row of rows) insertLog.run(row)
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

parentPort.on('message', (message) => {
  if (message === 'close') {
    database.close()
    return parentPort.close()
  }
  try {
    parentPort.postMessage({ id: message.id, ...insert.immediate(message) })
  } catch (error) {
    parentPort.postMessage({ id: message.id, error: { code: error.code, message: error.message } })
  }
})
