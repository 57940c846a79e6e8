import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { durablePragmas, sqliteDriverPath } from '../../../sqlite.ts'

interface Reply {
  id: number
  answer?: unknown
  error?: { code: string, message: string }
}

/**
 * A thread with an embedded database file open, so that no statement ever blocks the event loop. It
 * answers one question after the other, see the scripts beside this file.
 */
export class SqliteThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, { resolve: (answer: any) => void, reject: (error: unknown) => void }>()
  #lastId = 0
  #failure: Error | undefined

  /** `script` stands beside this file, and finds `data` in its workerData. */
  constructor (script: string, file: string, data: Record<string, unknown> = {}) {
    this.#worker = new Worker(new URL(script, import.meta.url), {
      // A host's own loaders have nothing to do there.
      execArgv: [],
      workerData: { file, driver: sqliteDriverPath(), pragmas: durablePragmas, ...data }
    })
    this.#worker.unref()
    this.#worker.on('message', ({ id, answer, error }: Reply) => {
      const waiting = this.#waiting.get(id)
      // A thread that was ended may have answered before.
      if (!waiting) return
      const { resolve, reject } = waiting
      this.#waiting.delete(id)
      // An open database must not keep a process alive that has nothing else to do.
      if (this.#waiting.size === 0) this.#worker.unref()
      if (error) reject(Object.assign(new Error(error.message), { code: error.code }))
      else resolve(answer)
    })
    this.#worker.on('error', ({ code }: { code?: string }) => {
      // An error of SQLite's comes here without its text.
      this.#end(Object.assign(new Error('the thread of the embedded database failed'), { code }))
    })
    this.#worker.on('exit', () => this.#end(new Error('the thread of the embedded database has ended')))
  }

  /** It ended, and answers no more. */
  get ended (): boolean {
    return this.#failure !== undefined
  }

  /** Rejects with the code and the text of SQLite's error. */
  ask<T> (question: Record<string, unknown>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      this.#worker.ref()
      this.#worker.postMessage({ id, ...question })
    })
  }

  /** Ends it at once, in the middle of a statement, as soon as that calls a function of ours; what it was asked rejects. */
  terminate (): void {
    this.#end(new Error('the thread of the embedded database was ended'))
    this.#worker.terminate()
  }

  /** Ends it when all is answered. */
  async close (): Promise<void> {
    if (this.#failure) return
    const ended = once(this.#worker, 'exit')
    this.#worker.ref()
    this.#worker.postMessage('close')
    await ended
  }

  #end (failure: Error): void {
    this.#failure ??= failure
    for (const { reject } of this.#waiting.values()) reject(failure)
    this.#waiting.clear()
  }
}
