import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FairQueue } from './fair-queue.ts'
import type { ScryptResult, ScryptTask } from './scrypt-thread.js'

/** Bound on the threads: one core is left to everything else. */
const maxThreads = Math.min(4, Math.max(1, availableParallelism() - 1))
/** At 40 ms each this is 40 seconds on one thread: all users of a large server after a restart, each once. */
const maxWaiting = 1000

/** Shared by every instance of the service in the process. */
const queue = new FairQueue(maxThreads, maxWaiting)
const idle: Worker[] = []

/**
 * Runs scrypt in a thread of its own; groups take turns.
 * `begin` runs when the turn has come; rejects with whatever it throws, or with Overloaded when too many wait.
 */
export function scrypt (task: ScryptTask, group: string, begin: () => void = () => {}): Promise<Buffer> {
  return queue.run(group, async () => {
    begin()
    // The loaders of a host process are not needed there.
    const worker = idle.pop() ?? new Worker(new URL('scrypt-thread.js', import.meta.url), { execArgv: [] })
    worker.ref()
    worker.postMessage(task)
    const [result]: ScryptResult[] = await once(worker, 'message')
    worker.unref()
    idle.push(worker)
    if (result === undefined || 'failure' in result) throw new Error(result?.failure)
    return Buffer.from(result.hash)
  })
}
