import { setTimeout as delay } from 'node:timers/promises'

/** Rejects with the signal's reason, once there is one: to be raced. */
export function silence (signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

/** What the work resolves to; rejects when that takes longer than so many milliseconds. The work itself goes on. */
export async function within<T> (patience: number, work: Promise<T>): Promise<T> {
  const answered = new AbortController()
  const late = delay(patience, undefined, { signal: answered.signal }).then(() => {
    throw new Error(`no answer within ${patience} ms`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    answered.abort()
  }
}
