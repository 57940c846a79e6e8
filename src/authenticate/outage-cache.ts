import { DatabaseAway, Overloaded, TooManyAttempts } from '../errors.ts'
import { orFallback } from './fallback.ts'

/** An answer is good for this long before the database is asked again. */
const recheckAfterMs = 1000
/** Answers that are remembered, and as many keys to which there was none. */
const maxAnswers = 10_000

interface Asked<T> {
  answer: Promise<T | undefined>
  askedAt: number
  /** The last time the database was away. */
  unconfirmed: boolean
}

export interface Question<T> {
  /** Rejects when the database is away. */
  ask: () => Promise<T | undefined>
  /** What was known before this process. */
  recall: () => T | undefined
  /** Runs `ask` where the key is not known here. Default: at once. */
  asStranger?: (ask: () => Promise<T | undefined>) => Promise<T | undefined>
  /** Milliseconds that an answer may be old. Default 1000. */
  maxAgeMs?: number
}

/**
 * Remembers what the database answered: for a second, and for as long as it is away.
 * Keys that nothing is found for are kept apart: guesses of strangers push no good answer out.
 */
export class Answers<T> {
  readonly #now: () => number
  #found = new Map<string, Asked<T>>()
  /** When there was no answer to a key. */
  readonly #nothing = new Map<string, number>()
  readonly #pending = new Map<string, Promise<T | undefined>>()

  /** `now` in milliseconds of a clock that never steps. */
  constructor (now = () => performance.now()) {
    this.#now = now
  }

  /**
   * What `ask` resolves to, or did lately; where it fails and there was no answer before, what `recall` returns.
   * Rejects with DatabaseAway where that is nothing, and with what `asStranger` throws.
   */
  async find (key: string, { ask, recall, asStranger = (work) => work(), maxAgeMs = recheckAfterMs }: Question<T>): Promise<T | undefined> {
    const last = this.#found.get(key)
    if (last) return this.#now() - last.askedAt < maxAgeMs ? last.answer : this.#askAgain(key, ask, recall, last)

    if (this.#now() - (this.#nothing.get(key) ?? -Infinity) < recheckAfterMs) return undefined
    let answer = this.#pending.get(key)
    if (!answer) {
      answer = this.#askFirst(key, recall() === undefined ? () => asStranger(ask) : ask, recall).finally(() => this.#pending.delete(key))
      this.#pending.set(key, answer)
    }
    return answer
  }

  async #askFirst (key: string, ask: () => Promise<T | undefined>, recall: () => T | undefined): Promise<T | undefined> {
    const found = this.#found
    const askedAt = this.#now()
    let unconfirmed = false
    const fallBack = () => {
      unconfirmed = true
      return recall()
    }
    try {
      const answer = await (recall() === undefined ? ask() : orFallback(ask(), fallBack))
      if (answer !== undefined) keep(found, key, { answer: Promise.resolve(answer), askedAt, unconfirmed })
      else if (unconfirmed) throw new DatabaseAway()
      else keep(this.#nothing, key, askedAt)
      return answer
    } catch (error) {
      if (error instanceof TooManyAttempts || error instanceof Overloaded) throw error
      throw new DatabaseAway()
    }
  }

  #askAgain (key: string, ask: () => Promise<T | undefined>, recall: () => T | undefined, last: Asked<T>): Promise<T | undefined> {
    const found = this.#found
    const asked: Asked<T> = { askedAt: this.#now(), unconfirmed: last.unconfirmed, answer: last.answer }
    const fallBack = async () => {
      asked.unconfirmed = true
      return await last.answer ?? recall()
    }
    const fresh = ask().then((answer) => {
      if (answer === undefined) {
        found.delete(key)
        keep(this.#nothing, key, asked.askedAt)
      }
      // However late: whoever asked since may wait for the same slow database still.
      for (const late of [asked, found.get(key)]) if (late) Object.assign(late, { answer: Promise.resolve(answer), unconfirmed: false })
      return answer
    }, fallBack)
    // Nobody waits a second time for a database that is silent.
    if (!last.unconfirmed) asked.answer = orFallback(fresh, fallBack)
    keep(found, key, asked)
    return asked.answer
  }

  /** Asks anew for everything. */
  forget (): void {
    // What is under way is kept in the map of before.
    this.#found = new Map()
  }
}

function keep<V> (map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > maxAnswers) map.delete(map.keys().next().value!)
}
