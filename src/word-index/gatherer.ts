import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Block } from './blocks.js'

/** Gathers the words of logs into blocks, in a thread. One call at a time. */
export class Gatherer {
  #worker: Worker | undefined

  /** Takes up logs of a user, by their times and messages; resolves to whether it holds so much that it should be taken. */
  async add (userId: number, times: readonly string[], messages: readonly string[]): Promise<boolean> {
    return (await this.#ask<{ isHeavy: boolean }>({ userId, times, messages })).isHeavy
  }

  /** All blocks that are new or grew since the last time, each whole. */
  async take (): Promise<Block[]> {
    return (await this.#ask<{ blocks: Block[] }>('take')).blocks
  }

  /** Forgets all. */
  async close (): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  async #ask<T> (question: unknown): Promise<T> {
    // A host's own loaders have nothing to do there.
    this.#worker ??= new Worker(new URL('thread.js', import.meta.url), { execArgv: [] })
    this.#worker.unref()
    this.#worker.postMessage(question)
    const [answer] = await once(this.#worker, 'message')
    return answer
  }
}
