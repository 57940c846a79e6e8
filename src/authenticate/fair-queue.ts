import { Overloaded } from '../errors.ts'

interface Waiting {
  start: () => void
  reject: (error: Error) => void
}

/** Runs work with bounded concurrency; groups take turns, so that one with much work delays no other. */
export class FairQueue {
  readonly #maxWaiting: number
  /** Waiting work by group; the group that is next comes first. No group is empty. */
  readonly #groups = new Map<string, Waiting[]>()
  #free: number
  #waiting = 0

  constructor (concurrency: number, maxWaiting: number) {
    this.#free = concurrency
    this.#maxWaiting = maxWaiting
  }

  /**
   * Resolves as the work does. When more than `maxWaiting` wait, the latest of the group with the most waiting
   * rejects with Overloaded.
   */
  async run<T> (group: string, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await this.#wait(group)
    try {
      return await work()
    } finally {
      this.#startNext()
    }
  }

  #wait (group: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#groups.get(group)
      if (waiting) waiting.push({ start: resolve, reject })
      else this.#groups.set(group, [{ start: resolve, reject }])
      if (++this.#waiting > this.#maxWaiting) this.#refuseOne()
    })
  }

  #refuseOne (): void {
    const [group, waiting] = [...this.#groups].reduce((longest, other) =>
      other[1].length > longest[1].length ? other : longest)
    waiting.pop()?.reject(new Overloaded())
    if (waiting.length === 0) this.#groups.delete(group)
    this.#waiting--
  }

  #startNext (): void {
    const [next] = this.#groups
    if (!next) {
      this.#free++
      return
    }
    const [group, [first, ...others]] = next
    this.#groups.delete(group)
    if (others.length > 0) this.#groups.set(group, others)
    this.#waiting--
    first?.start()
  }
}
