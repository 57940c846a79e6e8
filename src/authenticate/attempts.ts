import { LRUCache } from 'lru-cache'
import { TooManyAttempts } from '../errors.ts'

/** Bound on the keys that are counted; past it, the key that was tried longest ago is forgotten. */
const maxKeys = 10_000

interface Window {
  failures: number
  endsAt: number
}

/** Limits failed attempts per key, within a window that starts with the first failure. */
export class Attempts {
  readonly #limit: number
  readonly #windowMs: number
  readonly #now: () => number
  readonly #windows = new LRUCache<string, Window>({ max: maxKeys })

  /** `limit` failures within `windowMs`; `now` is a monotonic clock in milliseconds. */
  constructor (limit = 10, windowMs = 60_000, now = () => performance.now()) {
    this.#limit = limit
    this.#windowMs = windowMs
    this.#now = now
  }

  /**
   * Runs a proof, which fails when it resolves to undefined. Throws TooManyAttempts without running
   * it when the key has no attempt left.
   */
  async spend<T> (key: string, proof: () => Promise<T | undefined>): Promise<T | undefined> {
    this.check(key)
    // Counted before it is known to fail, so that concurrent attempts cannot slip through.
    this.fail(key)
    let hasFailed = false
    try {
      const proved = await proof()
      hasFailed = proved === undefined
      return proved
    } finally {
      if (!hasFailed) this.#giveBack(key)
    }
  }

  /** Throws TooManyAttempts when the key has no attempt left. */
  check (key: string): void {
    const window = this.#windows.get(key)
    if (!window || window.failures < this.#limit) return
    const leftMs = window.endsAt - this.#now()
    if (leftMs > 0) throw new TooManyAttempts(Math.ceil(leftMs / 1000))
  }

  /** Whether the key failed within its window. */
  hasFailed (key: string): boolean {
    return (this.#windows.get(key)?.endsAt ?? -Infinity) > this.#now()
  }

  /** Counts a failure. */
  fail (key: string): void {
    const now = this.#now()
    const window = this.#windows.get(key)
    if (window && window.endsAt > now) window.failures++
    else this.#windows.set(key, { failures: 1, endsAt: now + this.#windowMs })
  }

  #giveBack (key: string): void {
    const window = this.#windows.get(key)
    if (window && --window.failures === 0) this.#windows.delete(key)
  }
}
