import { TooManyAttempts } from '../errors.ts'

/** So many keys are kept; past that the oldest is forgotten. */
const mostKeys = 10_000

/** Limits failed tries: so many for a key within a window that starts with its first try. */
export class Attempts {
  readonly #limit: number
  readonly #window: number
  readonly #taken = new Map<string, { count: number, until: number }>()

  /** `limit` failed tries within `window` milliseconds. */
  constructor (limit = 10, window = 60_000) {
    this.#limit = limit
    this.#window = window
  }

  /**
   * Runs a proof, which fails when it resolves to undefined. Throws TooManyAttempts, and does not
   * run it, where the key has no try left.
   */
  async spend<T> (key: string, proof: () => Promise<T | undefined>): Promise<T | undefined> {
    // Taken before it is known to fail, so that many at once cannot slip through.
    this.#take(key, Date.now())
    let failed = false
    try {
      const proved = await proof()
      failed = proved === undefined
      return proved
    } finally {
      if (!failed) this.#giveBack(key)
    }
  }

  #take (key: string, now: number): void {
    const entry = this.#taken.get(key)
    if (entry && entry.until > now) {
      if (entry.count >= this.#limit) throw new TooManyAttempts(Math.ceil((entry.until - now) / 1000))
      entry.count++
      return
    }
    this.#taken.delete(key)
    this.#taken.set(key, { count: 1, until: now + this.#window })
    if (this.#taken.size > mostKeys) this.#taken.delete(this.#taken.keys().next().value!)
  }

  #giveBack (key: string): void {
    const entry = this.#taken.get(key)
    if (entry && --entry.count === 0) this.#taken.delete(key)
  }
}
