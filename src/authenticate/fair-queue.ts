import { Overloaded } from '../errors.ts'

interface Waiting {
  start: () => void
  reject: (error: Error) => void
}

/** Runs work a few at a time, in turns between groups, so that nobody waits for the many of another. */
export class Turns {
  readonly #maxWaiting: number
  /** By group, the one whose turn is next first. */
  readonly #line = new Map<string, Waiting[]>()
  #places: number
  #waiting = 0

  constructor (places: number, maxWaiting: number) {
    this.#places = places
    this.#maxWaiting = maxWaiting
  }

  /** Resolves as the work does. Past the longest line whoever came last of the group that waits most gets Overloaded. */
  async run<T> (group: string, work: () => Promise<T>): Promise<T> {
    if (this.#places > 0) this.#places--
    else await this.#wait(group)
    try {
      return await work()
    } finally {
      this.#next()
    }
  }

  #wait (group: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#line.get(group)
      if (waiting) waiting.push({ start: resolve, reject })
      else this.#line.set(group, [{ start: resolve, reject }])
      if (++this.#waiting > this.#maxWaiting) this.#refuseOne()
    })
  }

  #refuseOne (): void {
    const [group, waiting] = [...this.#line].reduce((most, other) => other[1].length > most[1].length ? other : most)
    waiting.pop()!.reject(new Overloaded())
    if (waiting.length === 0) this.#line.delete(group)
    this.#waiting--
  }

  /** Hands the place on, or gives it back. */
  #next (): void {
    const [next] = this.#line
    if (!next) {
      this.#places++
      return
    }
    const [group, waiting] = next
    this.#line.delete(group)
    const [first, ...others] = waiting
    if (others.length > 0) this.#line.set(group, others)
    this.#waiting--
    first!.start()
  }
}
