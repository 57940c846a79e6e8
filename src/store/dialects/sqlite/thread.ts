import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { durablePragmas, sqliteDriverPath } from '../../../sqlite.ts'
import type { Protocol, Question, Reply, ThreadData } from './messages.ts'

interface Waiting {
  resolve: (answer: unknown) => void
  reject: (error: unknown) => void
}

/**
 * A thread with the embedded database open, so that no statement blocks the event loop.
 * It answers one question after the other.
 */
export class SqliteThread<P extends Protocol> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #failure: Error | undefined

  /** `script` is a file beside this one, and finds `setup` in its `workerData`. */
  constructor (script: string, file: string, setup: object = {}) {
    const data: ThreadData = { file, driver: sqliteDriverPath(), pragmas: durablePragmas }
    // Without the loaders of a host app, which the thread does not need.
    this.#worker = new Worker(new URL(script, import.meta.url), { execArgv: [], workerData: { ...data, ...setup } })
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply<P>) => this.#settle(reply))
    // SQLite's error arrives here without its message.
    this.#worker.on('error', ({ code }: { code?: string }) =>
      this.#end(Object.assign(new Error('the thread of the embedded database failed'), { code })))
    this.#worker.on('exit', () => this.#end(new Error('the thread of the embedded database has ended')))
  }

  /** Whether the thread has ended, and answers no more. */
  get hasEnded (): boolean {
    return this.#failure !== undefined
  }

  /** Asks one question; rejects with the code and the message of SQLite's error. */
  ask<Kind extends keyof P> (kind: Kind, question: P[Kind]['question']): Promise<P[Kind]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      this.#worker.ref()
      const message: Question<P, Kind> = { id, kind, question }
      this.#worker.postMessage(message)
    })
  }

  /**
   * Ends the thread even inside a statement, as soon as that calls a function of ours.
   * Questions without an answer reject.
   */
  terminate (): void {
    this.#end(new Error('the thread of the embedded database was ended'))
    this.#worker.terminate().catch(() => {})
  }

  /** Ends the thread once every question is answered. */
  async close (): Promise<void> {
    if (this.#failure) return
    const ended = once(this.#worker, 'exit')
    this.#worker.ref()
    this.#worker.postMessage('close')
    await ended
  }

  #settle (reply: Reply<P>): void {
    const waiting = this.#waiting.get(reply.id)
    // The answer of a thread that was ended may still arrive.
    if (!waiting) return
    this.#waiting.delete(reply.id)
    // An idle database must not keep the process alive.
    if (this.#waiting.size === 0) this.#worker.unref()
    if (reply.kind === 'answer') return waiting.resolve(reply.answer)
    const { message, code } = reply.error
    waiting.reject(Object.assign(new Error(message), { code }))
  }

  #end (failure: Error): void {
    this.#failure ??= failure
    for (const { reject } of this.#waiting.values()) reject(failure)
    this.#waiting.clear()
  }
}
