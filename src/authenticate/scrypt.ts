import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Turns } from './fair-queue.ts'

export interface ScryptInput {
  secret: string
  salt: Buffer
  /** Bytes of the hash. */
  length: number
  /** RFC 7914. */
  cost: { N: number, r: number, p: number }
}

/** One core is left to everything else. */
const threads = Math.min(4, Math.max(1, availableParallelism() - 1))
/** At 40 ms each this is 40 seconds on one thread: all users of a large server after a restart, each once. */
const maxWaiting = 1000

/** The process has one set of threads, however often the service is in it. */
const turns = new Turns(threads, maxWaiting)
const idle: Worker[] = []

/**
 * Runs scrypt in a thread of its own, in turns between groups. `begin` runs when the turn has come: what it throws is
 * the answer. Rejects with Overloaded past the longest line.
 */
export function scrypt (input: ScryptInput, group: string, begin: () => void = () => {}): Promise<Buffer> {
  return turns.run(group, async () => {
    begin()
    // A host's own loaders have nothing to do there.
    const worker = idle.pop() ?? new Worker(new URL('scrypt-thread.js', import.meta.url), { execArgv: [] })
    worker.ref()
    worker.postMessage(input)
    const [{ hash, failure }] = await once(worker, 'message')
    worker.unref()
    idle.push(worker)
    if (failure !== undefined) throw new Error(failure)
    return Buffer.from(hash)
  })
}
