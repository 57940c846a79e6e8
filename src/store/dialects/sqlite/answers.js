// What the threads of the embedded database share: opening it, and answering questions (see messages.ts).
// Plain JavaScript: for anything else, a thread would have to load a compiler.
import { createRequire } from 'node:module'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'

/** @import { ErrorText, Handlers, Protocol, Question, Reply, ThreadData } from './messages.ts' */

/**
 * Bytes of large strings after which a thread collects its garbage.
 * Left to V8, they would grow to tens of MB in each thread.
 */
const maxLargeObjectBytes = 2_000_000
/** Page cache of a connection. The driver's default is 16,000 KiB, but the system caches the file anyway. */
const pageCacheKib = 2000
/** SQLite's number for `synchronous = FULL`. */
const full = 2

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

/**
 * Opens the database of this thread, with every commit on the disk before it returns.
 * @returns {import('better-sqlite3').Database}
 */
export function openDatabase () {
  /** @type {ThreadData} */
  const { driver, file, pragmas } = workerData
  /** @type {typeof import('better-sqlite3')} */
  const Database = createRequire(import.meta.url)(driver)
  const database = new Database(file, { timeout: 5000 })
  for (const pragma of pragmas) database.pragma(pragma)
  database.pragma(`cache_size = -${pageCacheKib}`)
  if (database.pragma('synchronous', { simple: true }) !== full) throw new Error('SQLite does not sync its commits')
  return database
}

/**
 * Answers questions, one after the other, until `close` comes; then closes the database and ends the thread.
 * @template {Protocol} P
 * @param {import('better-sqlite3').Database} database
 * @param {Handlers<P>} handlers
 */
export function answerQuestions (database, handlers) {
  if (parentPort === null) throw new Error('this script runs in a worker thread only')
  const port = parentPort

  port.on('message', (/** @type {Question<P> | 'close'} */ message) => {
    if (message === 'close') {
      database.close()
      return port.close()
    }
    port.postMessage(replyTo(message))
    if (largeObjectBytes() > maxLargeObjectBytes) setImmediate(collectGarbage)
  })

  /**
   * @template {keyof P} Kind
   * @param {Question<P, Kind>} question
   * @returns {Reply<P>}
   */
  function replyTo ({ id, kind, question }) {
    try {
      return { kind: 'answer', id, answer: handlers[kind](question) }
    } catch (error) {
      return { kind: 'error', id, error: toErrorText(error) }
    }
  }
}

/**
 * The code and message of an error. Everything thrown in these threads is an Error.
 * @param {unknown} error
 * @returns {ErrorText}
 */
export function toErrorText (error) {
  const { code, message } = /** @type {Error & { code?: string }} */ (error)
  return { code, message }
}

function largeObjectBytes () {
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.endsWith('large_object_space'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0)
}
