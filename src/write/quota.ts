import { setTimeout as delay } from 'node:timers/promises'
import { TooManyLogs } from '../errors.ts'

/** How long the greedy wait before they are refused, in milliseconds. */
const patience = 5000
/** A user who was silent may send so many seconds' worth at once. */
const burst = 10

/** A token bucket for each user: so many logs a second. */
export class Quota {
  readonly #rate: number
  readonly #buckets = new Map<number, { logs: number, at: number }>()

  /** `rate` in logs a second. */
  constructor (rate: number) {
    this.#rate = rate
  }

  /** Resolves once the user may send so many logs; throws TooManyLogs where that would take too long. More than a whole bucket passes when it is full. */
  async take (userId: number, logs: number): Promise<void> {
    const now = performance.now()
    const full = this.#rate * burst
    const bucket = this.#buckets.get(userId) ?? { logs: full, at: now }
    bucket.logs = Math.min(full, bucket.logs + (now - bucket.at) * this.#rate / 1000)
    bucket.at = now
    this.#buckets.set(userId, bucket)

    const wait = Math.max(0, (Math.min(logs, full) - bucket.logs) / this.#rate * 1000)
    if (wait > patience) throw new TooManyLogs(Math.ceil(wait / 1000))
    bucket.logs -= logs
    if (wait > 0) await delay(wait)
  }
}
