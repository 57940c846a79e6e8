import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Block } from './blocks.js'

/** Gathers the words of logs into blocks, in a thread. One call at a time. */
export class Gatherer {
  #worker: Worker | undefined

  /** Takes up logs of a user, by their times and messages. */
  async add (userId: number, times: readonly string[], messages: readonly string[]): Promise<void> {
    await this.#ask({ userId, times, messages })
  }

  /** All blocks that are new or grew since the last time, each whole. */
  take (): Promise<Block[]> {
    return this.#ask('take')
  }

  /** Forgets all. */
  async close (): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  async #ask (question: unknown): Promise<Block[]> {
    // A host's own loaders have nothing to do there.
    this.#worker ??= new Worker(new URL('thread.js', import.meta.url), { execArgv: [] })
    this.#worker.unref()
    this.#worker.postMessage(question)
    const [{ blocks }] = await once(this.#worker, 'message')
    return blocks
  }
}
