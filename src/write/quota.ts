import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { TooManyLogs } from '../errors.ts'

/** Requests that would have to wait longer are refused. */
const maxWaitMs = 5000
/** A user who sent nothing for a while may send this many seconds' worth of logs at once. */
const burstSeconds = 10
/** Users to remember. One who is dropped starts with a full bucket again. */
const maxBuckets = 100_000

interface Bucket {
  logs: number
  /** When `logs` was right, by the monotonic clock. */
  at: number
}

/** Limits the logs per second of each user by a token bucket. */
export class Quota {
  readonly #logsPerSecond: number
  readonly #buckets = new LRUCache<number, Bucket>({ max: maxBuckets })

  constructor (logsPerSecond: number) {
    this.#logsPerSecond = logsPerSecond
  }

  /**
   * Resolves once the user may send this number of logs; throws TooManyLogs if that would take too long.
   *
   * A request of more logs than a bucket holds passes when the bucket is full.
   */
  async spend (userId: number, logs: number): Promise<void> {
    const now = performance.now()
    const capacity = this.#logsPerSecond * burstSeconds
    const bucket = this.#buckets.get(userId) ?? { logs: capacity, at: now }
    bucket.logs = Math.min(capacity, bucket.logs + (now - bucket.at) * this.#logsPerSecond / 1000)
    bucket.at = now
    this.#buckets.set(userId, bucket)

    const waitMs = Math.max(0, (Math.min(logs, capacity) - bucket.logs) / this.#logsPerSecond * 1000)
    if (waitMs > maxWaitMs) throw new TooManyLogs(Math.ceil(waitMs / 1000))
    bucket.logs -= logs
    if (waitMs > 0) await delay(waitMs)
  }
}
