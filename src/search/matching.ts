import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { LogRecord } from '../model/record.ts'
import type { Filter } from '../query/filter.ts'
import { quickMatcherOf } from '../query/matcher.js'
import type { MatchingAnswer, MatchingMessage, MatchingQuestion } from './matching-messages.ts'

/** Logs to test. */
export interface MatchingTask<Log extends LogRecord> {
  filter: Filter
  logs: readonly Log[]
  /** Name of a log's user. */
  nameOf: (log: Log) => string
  /** Only one thread at a time works for a caller. Default: no caller, who may have all threads. */
  caller?: string
  /** Time that a thread may take. Default: until the signal. */
  budgetMs?: number
}

/** Matching logs, in their order, and the time that a thread took. */
export interface Matches<Log> {
  found: Log[]
  tookMs: number
}

interface Slot {
  caller: string | undefined
}

interface Waiter extends Slot {
  begin: () => void
}

/** A test took longer than its budget. */
export class MatchingTooSlow extends Error {}

/**
 * Tests logs: here where that is quick, else in one of a few threads.
 *
 * A thread whose test takes too long is ended, because nothing else stops a regular expression. Threads start when they
 * are needed.
 */
export class Matching {
  readonly #maxThreads: number
  readonly #idle: Worker[] = []
  readonly #busy: Slot[] = []
  readonly #waiting: Waiter[] = []

  constructor (maxThreads: number) {
    this.#maxThreads = maxThreads
  }

  /** Selects the matching logs. Rejects with MatchingTooSlow past the budget, or with the signal's reason. */
  async select<Log extends LogRecord> (task: MatchingTask<Log>, signal: AbortSignal): Promise<Matches<Log>> {
    const { filter, logs, nameOf, caller, budgetMs } = task
    const isMatch = quickMatcherOf(filter)
    const matches = logs.map((log) => isMatch(log, nameOf(log)))
    const undecided = logs.filter((_log, index) => matches[index] === undefined)
    if (undecided.length === 0) return { found: logs.filter((_log, index) => matches[index]), tookMs: 0 }

    const slot = await this.#waitForSlot(caller, signal)
    try {
      const question = { filter, logs: undecided, names: undecided.map(nameOf) }
      const answer = await this.#ask(question, budgetMs, signal)
      const decided = answer.matches.values()
      return { found: logs.filter((_log, index) => matches[index] ?? decided.next().value), tookMs: answer.tookMs }
    } finally {
      this.#busy.splice(this.#busy.indexOf(slot), 1)
      this.#beginNext()
    }
  }

  async close (): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((thread) => thread.terminate()))
  }

  async #waitForSlot (caller: string | undefined, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted()
    const slot = { caller }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal.reason)
      }
      const begin = () => {
        signal.removeEventListener('abort', leave)
        this.#busy.push(slot)
        resolve()
      }
      const waiter = { caller, begin }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(waiter)
      this.#beginNext()
    })
    return slot
  }

  #beginNext (): void {
    if (this.#busy.length === this.#maxThreads) return
    const isFree = ({ caller }: Slot) => caller === undefined || !this.#busy.some((other) => other.caller === caller)
    const next = this.#waiting.find(isFree)
    if (next === undefined) return
    this.#waiting.splice(this.#waiting.indexOf(next), 1)
    next.begin()
  }

  async #ask (question: MatchingQuestion, budgetMs: number | undefined, signal: AbortSignal): Promise<MatchingAnswer> {
    const thread = this.#idle.pop() ?? await this.#startThread(signal)
    const budget = new AbortController()
    const timer = budgetMs === undefined ? undefined : setTimeout(() => budget.abort(new MatchingTooSlow()), budgetMs)
    try {
      thread.postMessage(question)
      const answer = await nextMessage(thread, AbortSignal.any([signal, budget.signal]))
      if (answer.kind !== 'answer') throw new Error('a matching thread did not answer')
      this.#idle.push(thread)
      return answer
    } catch (error) {
      await thread.terminate()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #startThread (signal: AbortSignal): Promise<Worker> {
    // Loaders of a host process are not needed there.
    const thread = new Worker(new URL('matching-thread.js', import.meta.url), { execArgv: [] })
    // A task that waits for the thread gets the error as well.
    thread.on('error', () => {})
    thread.on('exit', () => { if (this.#idle.includes(thread)) this.#idle.splice(this.#idle.indexOf(thread), 1) })
    try {
      await nextMessage(thread, signal)
    } catch (error) {
      await thread.terminate()
      throw error
    }
    return thread
  }
}

/** Rejects with the signal's reason, or where the thread fails. */
async function nextMessage (thread: Worker, signal: AbortSignal): Promise<MatchingMessage> {
  // An idle thread must not keep a process alive that has nothing else to do.
  thread.ref()
  try {
    const [message] = await once(thread, 'message', { signal })
    return message
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    thread.unref()
  }
}
