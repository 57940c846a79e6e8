import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { WordBlock } from './blocks.js'
import type { Added, AddRequest, Taken, TakeRequest } from './thread.js'

/** Collects the words of logs in blocks, in a thread. One call at a time. */
export class Gatherer {
  #worker: Worker | undefined

  /** Adds logs of a user, given by their times and messages; resolves to whether the blocks should be taken now. */
  async add (userId: number, times: readonly string[], messages: readonly string[]): Promise<boolean> {
    return (await this.#ask({ kind: 'add', userId, times, messages })).isHeavy
  }

  /** Takes all blocks that are new or grew since the last time, each whole. */
  async take (): Promise<WordBlock[]> {
    return (await this.#ask({ kind: 'take' })).blocks
  }

  /** Drops everything that was collected. */
  async close (): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #ask (request: AddRequest): Promise<Added>
  #ask (request: TakeRequest): Promise<Taken>
  async #ask (request: AddRequest | TakeRequest): Promise<Added | Taken> {
    // A host's own loaders have nothing to do in the thread.
    this.#worker ??= new Worker(new URL('thread.js', import.meta.url), { execArgv: [] })
    this.#worker.unref()
    this.#worker.postMessage(request)
    const [answer] = await once(this.#worker, 'message')
    return answer
  }
}
