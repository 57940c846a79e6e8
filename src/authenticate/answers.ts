import { DatabaseAway } from '../errors.ts'

/** For so long, in milliseconds, the database is not asked again. */
const recheckAfter = 1000
/** So many answers are remembered. */
const mostAnswers = 10_000

interface Asked<T> {
  answer: Promise<T | undefined>
  askedAt: number
  /** The last time the database was away. */
  unconfirmed: boolean
}

/** Remembers what the database answered: for a second, and for as long as it is away. */
export class Answers<T> {
  readonly #asked = new Map<string, Asked<T>>()

  /**
   * What `ask` resolves to, or did lately; where it fails and there was no answer before, what `recall` returns.
   * Rejects with DatabaseAway where that is nothing.
   */
  find (key: string, ask: () => Promise<T | undefined>, recall: () => T | undefined): Promise<T | undefined> {
    const last = this.#asked.get(key)
    if (last && Date.now() - last.askedAt < recheckAfter) return last.answer

    const asked = this.#ask(ask, recall, last)
    this.#asked.delete(key)
    this.#asked.set(key, asked)
    if (this.#asked.size > mostAnswers) this.#asked.delete(this.#asked.keys().next().value!)
    // What failed is asked again.
    asked.answer.catch(() => this.#asked.delete(key))
    return asked.answer
  }

  #ask (ask: () => Promise<T | undefined>, recall: () => T | undefined, last: Asked<T> | undefined): Asked<T> {
    const fresh = ask().then((answer) => {
      asked.unconfirmed = false
      asked.answer = Promise.resolve(answer)
      return answer
    }, async () => {
      const answer = await last?.answer.catch(() => undefined) ?? recall()
      if (answer === undefined) throw new DatabaseAway()
      asked.unconfirmed = true
      return answer
    })
    // Nobody waits a second time for a database that is silent.
    const asked: Asked<T> = { askedAt: Date.now(), unconfirmed: last?.unconfirmed ?? false, answer: last?.unconfirmed ? last.answer : fresh }
    return asked
  }

  /** Asks anew for everything. */
  forget (): void {
    this.#asked.clear()
  }
}
