// What the threads of the embedded database share. A question has an id, and is answered by
//
//   { id, answer }, or { id, error: { code, message } }
//
// until 'close' comes. Plain JavaScript, because a thread would have to load a compiler for anything else.
import { createRequire } from 'node:module'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'

/** Bytes of large strings after which a thread collects its garbage: V8 alone would let them grow to tens of MB in each thread. */
const maxLargeBytes = 2_000_000
/** KiB of pages that a connection keeps; the driver's default is 16,000, and the system caches the file anyway. */
const cacheKib = 2000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

/** The database of this thread, every commit on the disk before it returns. */
export function openDatabase () {
  const Database = createRequire(import.meta.url)(workerData.driver)
  const database = new Database(workerData.file, { timeout: 5000 })
  for (const pragma of workerData.pragmas) database.pragma(pragma)
  database.pragma(`cache_size = -${cacheKib}`)
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
    if (largeBytes() > maxLargeBytes) setImmediate(collectGarbage)
  })
}

function largeBytes () {
  return getHeapSpaceStatistics().reduce((sum, { space_name: name, space_used_size: bytes }) => name.endsWith('large_object_space') ? sum + bytes : sum, 0)
}
