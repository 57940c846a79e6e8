import type { Readable } from 'node:stream'
import type { Batch, Batcher } from './batcher.ts'

/** Time without input after which a last log is sent. */
export const idleMs = 200

/** Reads a stream no faster than its batches are taken; it ends early when `ending` is aborted. */
export async function * batchesOfStream (
  stream: Readable, batcher: Batcher, ending: AbortSignal
): AsyncGenerator<Batch, void, void> {
  for (let isLast = false; !isLast;) {
    // What the stream holds is sent; a pipe that is always full would never be empty.
    isLast = ending.aborted
    const chunk: Buffer | string | null = stream.read()
    if (stream.errored) throw stream.errored
    if (chunk !== null) yield * batcher.push(Buffer.from(chunk))
    else if (isLast || stream.readableEnded || stream.destroyed) break
    else if (await waitForInput(stream, ending, batcher.isWaiting)) yield * batcher.flush()
  }
  yield * batcher.end()
}

const events = ['readable', 'end', 'close', 'error']

/** Waits for an event of the stream, or for its end; resolves to whether the time for `isTimed` ran out before. */
function waitForInput (stream: Readable, ending: AbortSignal, isTimed: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isIdle: boolean) => {
      clearTimeout(timer)
      ending.removeEventListener('abort', go)
      for (const event of events) stream.off(event, go)
      resolve(isIdle)
    }
    const go = () => finish(false)
    const timer = isTimed ? setTimeout(() => finish(true), idleMs) : undefined
    ending.addEventListener('abort', go)
    for (const event of events) stream.on(event, go)
  })
}
