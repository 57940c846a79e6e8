import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { LogRecord } from '../model/record.ts'
import type { Filter } from '../query/filter.ts'
import { quickMatcherOf } from '../query/matcher.js'

/** What is to be tested, and for whom. */
export interface MatchingTask<Log extends LogRecord> {
  filter: Filter
  logs: readonly Log[]
  nameOf: (log: Log) => string
  /** Who asks: has one thread at a time. Default: nobody, who has as many as there are. */
  caller?: string
  /** Milliseconds that a thread may take. Default: until the signal. */
  budget?: number
}

interface Waiting {
  caller: string | undefined
  begin: () => void
}

interface Answer {
  matches: boolean[]
  /** Milliseconds. */
  took: number
}

/** A test took longer than it may. */
export class MatchingTooSlow extends Error {}

/**
 * Tests logs: here where that is quickly done, else in one of a few threads. A thread whose test takes too long is ended,
 * because nothing else stops a regular expression; the next one begins when it is needed.
 */
export class Matching {
  readonly #mostThreads: number
  readonly #idle: Worker[] = []
  readonly #busy: Array<{ caller: string | undefined }> = []
  readonly #waiting: Waiting[] = []

  constructor (mostThreads: number) {
    this.#mostThreads = mostThreads
  }

  /**
   * Those of the logs for which the filter holds, and how many milliseconds a thread took. Rejects with MatchingTooSlow past
   * the budget, or with the signal's reason.
   */
  async select<Log extends LogRecord> ({ filter, logs, nameOf, caller, budget }: MatchingTask<Log>, signal: AbortSignal): Promise<{ found: Log[], took: number }> {
    const isMatch = quickMatcherOf(filter)
    const matches = logs.map((log) => isMatch(log, nameOf(log)))
    const open = logs.filter((_log, index) => matches[index] === undefined)
    if (open.length === 0) return { found: logs.filter((_log, index) => matches[index]), took: 0 }

    const place = await this.#takePlace(caller, signal)
    try {
      const answer = await this.#ask({ filter, logs: open.map(essentialsOf), names: open.map(nameOf) }, budget, signal)
      const late = answer.matches.values()
      return { found: logs.filter((_log, index) => matches[index] ?? late.next().value), took: answer.took }
    } finally {
      this.#busy.splice(this.#busy.indexOf(place), 1)
      this.#beginNext()
    }
  }

  async close (): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((thread) => thread.terminate()))
  }

  /** Waits for a thread. */
  async #takePlace (caller: string | undefined, signal: AbortSignal): Promise<{ caller: string | undefined }> {
    const place = { caller }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(signal.reason)
      }
      const waiting = {
        caller,
        begin: (): void => {
          signal.removeEventListener('abort', leave)
          this.#busy.push(place)
          resolve()
        }
      }
      if (signal.aborted) return reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(waiting)
      this.#beginNext()
    })
    return place
  }

  #beginNext (): void {
    if (this.#busy.length === this.#mostThreads) return
    const next = this.#waiting.findIndex(({ caller }) => caller === undefined || !this.#busy.some((other) => other.caller === caller))
    if (next !== -1) this.#waiting.splice(next, 1)[0]!.begin()
  }

  async #ask (question: unknown, budget: number | undefined, signal: AbortSignal): Promise<Answer> {
    const thread = this.#idle.pop() ?? await this.#startThread(signal)
    const limit = new AbortController()
    const timer = budget === undefined ? undefined : setTimeout(() => limit.abort(new MatchingTooSlow()), budget)
    try {
      thread.postMessage(question)
      const answer = await answerOf<Answer>(thread, AbortSignal.any([signal, limit.signal]))
      this.#idle.push(thread)
      return answer
    } catch (error) {
      thread.terminate()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #startThread (signal: AbortSignal): Promise<Worker> {
    // A host's own loaders have nothing to do there.
    const thread = new Worker(new URL('matching-thread.js', import.meta.url), { execArgv: [] })
    // Whoever waits for it is told as well.
    thread.on('error', () => {})
    thread.on('exit', () => { if (this.#idle.includes(thread)) this.#idle.splice(this.#idle.indexOf(thread), 1) })
    try {
      await answerOf(thread, signal)
    } catch (error) {
      thread.terminate()
      throw error
    }
    return thread
  }
}

/** The next message of a thread. Rejects with the signal's reason, or where the thread fails. */
async function answerOf<T> (thread: Worker, signal: AbortSignal): Promise<T> {
  // An idle thread must not keep a process alive that has nothing else to do.
  thread.ref()
  try {
    const [answer] = await once(thread, 'message', { signal })
    return answer
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    thread.unref()
  }
}

/** What a test may look at. */
function essentialsOf ({ message, severity, pid, processName, description, attributes }: LogRecord) {
  return { message, severity, pid, processName, description, attributes }
}
