// What the threads of the embedded database share. A question has an id, and is answered by
//
//   { id, answer }, or { id, error: { code, message } }
//
// until 'close' comes. Plain JavaScript, because a thread would have to load a compiler for anything else.
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

/** The database of this thread, every commit on the disk before it returns. */
export function openDatabase () {
  const Database = createRequire(import.meta.url)(workerData.driver)
  const database = new Database(workerData.file, { timeout: 5000 })
  for (const pragma of workerData.pragmas) database.pragma(pragma)
  const full = 2
  if (database.pragma('synchronous', { simple: true }) !== full) throw new Error('SQLite does not sync its commits')
  return database
}

/**
 * @param {{ close: () => void }} database
 * @param {(question: any) => unknown} answer
 */
export function answerQuestions (database, answer) {
  parentPort.on('message', (question) => {
    if (question === 'close') {
      database.close()
      return parentPort.close()
    }
    try {
      parentPort.postMessage({ id: question.id, answer: answer(question) })
    } catch (error) {
      parentPort.postMessage({ id: question.id, error: { code: error.code, message: error.message } })
    }
  })
}
