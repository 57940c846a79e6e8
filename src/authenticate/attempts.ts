import { TooManyAttempts } from '../errors.ts'

/** Keys that are kept; past that the oldest is forgotten. */
const maxKeys = 10_000

/** Limits failed tries: some for each key within a window that starts with its first try. */
export class Attempts {
  readonly #limit: number
  readonly #windowMs: number
  readonly #now: () => number
  readonly #failed = new Map<string, { count: number, until: number }>()

  /** `limit` failed tries within `windowMs`; `now` in milliseconds of a clock that never steps. */
  constructor (limit = 10, windowMs = 60_000, now = () => performance.now()) {
    this.#limit = limit
    this.#windowMs = windowMs
    this.#now = now
  }

  /**
   * Runs a proof, which fails when it resolves to undefined. Throws TooManyAttempts, and does not
   * run it, where the key has no try left.
   */
  async spend<T> (key: string, proof: () => Promise<T | undefined>): Promise<T | undefined> {
    this.check(key)
    // Counted before it is known to fail, so that many at once cannot slip through.
    this.fail(key)
    let failed = false
    try {
      const proved = await proof()
      failed = proved === undefined
      return proved
    } finally {
      if (!failed) this.#giveBack(key)
    }
  }

  /** Throws TooManyAttempts where the key has no try left. */
  check (key: string): void {
    const entry = this.#failed.get(key)
    const leftMs = (entry?.until ?? 0) - this.#now()
    if (entry && leftMs > 0 && entry.count >= this.#limit) throw new TooManyAttempts(Math.ceil(leftMs / 1000))
  }

  /** Whether the key failed within its window. */
  has (key: string): boolean {
    return (this.#failed.get(key)?.until ?? -Infinity) > this.#now()
  }

  /** Counts a failed try. */
  fail (key: string): void {
    const now = this.#now()
    const entry = this.#failed.get(key)
    if (entry && entry.until > now) {
      entry.count++
      return
    }
    this.#failed.delete(key)
    this.#failed.set(key, { count: 1, until: now + this.#windowMs })
    if (this.#failed.size > maxKeys) this.#failed.delete(this.#failed.keys().next().value!)
  }

  #giveBack (key: string): void {
    const entry = this.#failed.get(key)
    if (entry && --entry.count === 0) this.#failed.delete(key)
  }
}
