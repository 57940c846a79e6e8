import { LRUCache } from 'lru-cache'
import { DatabaseAway, Overloaded, TooManyAttempts } from '../errors.ts'
import { orFallback } from './fallback.ts'

/** Age in ms at which an answer is confirmed: a revoked token or a disabled user loses access after it. */
const recheckAfterMs = 1000

/** An answer of the database, or one from before it became unavailable. */
export interface Answer<T> {
  value: T | undefined
  /** The database did not confirm it: it may be out of date. */
  isStale: boolean
}

interface Entry<T> {
  answer: Promise<Answer<T>>
  askedAt: number
  /** The database was unavailable when it was last asked. */
  isStale: boolean
}

export interface Question<T> {
  /** Asks the database; rejects while it is unavailable. */
  ask: () => Promise<T | undefined>
  /** Answer from an earlier process. */
  recall: () => T | undefined
  /** Wraps `ask` for a key that neither the cache nor `recall` knows. Default: asks at once. */
  limitUnknown?: (ask: () => Promise<T | undefined>) => Promise<T | undefined>
  /** Maximal age of an answer, in ms; with 0 the database is always waited for. Default 1000. */
  maxAgeMs?: number
  /** Maximal age of the answer that there is no such key, in ms. Default 1000. */
  maxMissingAgeMs?: number
}

/** Bound on the keys without an answer. */
const maxMissing = 10_000

export interface OutageCacheOptions {
  /** Bound on the answers; past it, the one used longest ago is forgotten. Default 10,000. */
  maxAnswers?: number
  /** Monotonic clock in ms. */
  now?: () => number
}

/**
 * Caches answers of the database: for a second, and throughout an outage.
 * Keys without an answer are kept apart, so that a stranger's guesses evict no good answer.
 */
export class OutageCache<T> {
  readonly #now: () => number
  readonly #maxAnswers: number
  #entries: LRUCache<string, Entry<T>>
  /** When the database had no answer for a key. */
  readonly #missingAt = new LRUCache<string, number>({ max: maxMissing })
  readonly #pending = new Map<string, Promise<Answer<T>>>()

  constructor ({ maxAnswers = 10_000, now = () => performance.now() }: OutageCacheOptions = {}) {
    this.#now = now
    this.#maxAnswers = maxAnswers
    this.#entries = new LRUCache({ max: maxAnswers })
  }

  /** Bound by `maxAnswers`. */
  get size (): number {
    return this.#entries.size
  }

  /** The answer for a key that needs no question: one that is young enough. */
  fresh (key: string, maxAgeMs = recheckAfterMs): Promise<Answer<T>> | undefined {
    const last = this.#entries.get(key)
    return last && this.#now() - last.askedAt < maxAgeMs ? last.answer : undefined
  }

  /**
   * Finds the answer for a key. While the database is unavailable: the last answer, or what `recall` returns.
   * Rejects with DatabaseAway when there is neither, and with whatever `limitUnknown` throws.
   */
  async find (key: string, question: Question<T>): Promise<Answer<T>> {
    const { ask, recall, limitUnknown = (ask) => ask(), maxAgeMs = recheckAfterMs } = question
    const fresh = this.fresh(key, maxAgeMs)
    if (fresh) return fresh
    const last = this.#entries.get(key)
    if (last) return this.#askAgain(key, question, last)

    const { maxMissingAgeMs = recheckAfterMs } = question
    const missingAgeMs = this.#now() - (this.#missingAt.get(key) ?? -Infinity)
    if (missingAgeMs < maxMissingAgeMs) return { value: undefined, isStale: false }
    let answer = this.#pending.get(key)
    if (!answer) {
      const askFirst = recall() === undefined ? () => limitUnknown(ask) : ask
      answer = this.#askFirst(key, { ask: askFirst, recall }).finally(() => this.#pending.delete(key))
      this.#pending.set(key, answer)
    }
    return answer
  }

  async #askFirst (key: string, { ask, recall }: Question<T>): Promise<Answer<T>> {
    const entries = this.#entries
    const askedAt = this.#now()
    try {
      const fresh = ask().then((value): Answer<T> => ({ value, isStale: false }))
      const fallBack = (): Answer<T> => ({ value: recall(), isStale: true })
      const answer = await (recall() === undefined ? fresh : orFallback(fresh, fallBack))
      const { value, isStale } = answer
      if (value !== undefined) entries.set(key, { answer: Promise.resolve(answer), askedAt, isStale })
      else if (isStale) throw new DatabaseAway()
      else this.#missingAt.set(key, askedAt)
      return answer
    } catch (error) {
      if (error instanceof TooManyAttempts || error instanceof Overloaded) throw error
      throw new DatabaseAway()
    }
  }

  #askAgain (key: string, { ask, recall, maxAgeMs }: Question<T>, last: Entry<T>): Promise<Answer<T>> {
    const entries = this.#entries
    const entry: Entry<T> = { ...last, askedAt: this.#now() }
    const fallBack = async (): Promise<Answer<T>> => {
      entry.isStale = true
      return { value: (await last.answer).value ?? recall(), isStale: true }
    }
    const fresh = ask().then((value) => {
      const answer: Answer<T> = { value, isStale: false }
      if (value === undefined) {
        entries.delete(key)
        this.#missingAt.set(key, entry.askedAt)
      }
      // However late: callers since then may still wait for the same slow database.
      for (const late of [entry, entries.get(key)]) {
        if (late) Object.assign(late, { answer: Promise.resolve(answer), isStale: false })
      }
      return answer
    }, fallBack)
    const wait = (): Promise<Answer<T>> => orFallback(fresh, fallBack)
    if (!last.isStale) entry.answer = wait()
    entries.set(key, entry)
    // Nobody waits a second time for a database that does not answer, unless they must know.
    return last.isStale && maxAgeMs === 0 ? wait() : entry.answer
  }

  /** Drops every answer, so that the database is asked again. */
  clear (): void {
    // Questions that are pending store their answers in the old map.
    this.#entries = new LRUCache({ max: this.#maxAnswers })
  }
}
