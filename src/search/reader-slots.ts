import { Overloaded, TooManyReads } from '../errors.ts'

/** A user by id; null stands for the API key. */
export type Reader = number | null

export interface PlacesOptions {
  /** Places for all users. While a user holds one, the last that is free is kept for users who hold none. */
  places: number
  placesPerUser: number
  /** Requests that may wait for a place, of all users and of one. Default: none. */
  waiting?: number
  waitingPerUser?: number
}

interface Waiter {
  run: () => void
}

/** Gives its place back; a second call does nothing. */
export type Leave = () => void

/**
 * Places for work that costs the server something, shared fairly: users take turns, whoever asked first.
 *
 * No user can hold all places, nor all room to wait. So a user who asks for little waits for little, whatever others do.
 */
export class Places {
  readonly #options: Required<PlacesOptions>
  readonly #held = new Map<Reader, number>()
  #taken = 0
  /** In the order of the users' turns. */
  readonly #waiting = new Map<Reader, Waiter[]>()
  #waitingCount = 0

  constructor ({ places, placesPerUser, waiting = 0, waitingPerUser = 0 }: PlacesOptions) {
    this.#options = { places, placesPerUser, waiting, waitingPerUser }
  }

  /**
   * Takes a place, or waits for it. Rejects with the signal's reason, with TooManyReads where the user waits for too many,
   * and with Overloaded where all users do.
   */
  async take (reader: Reader, signal: AbortSignal): Promise<Leave> {
    signal.throwIfAborted()
    if (this.#isFreeFor(reader)) return this.#enter(reader)
    const { placesPerUser, waiting, waitingPerUser } = this.#options
    const waits = this.#waiting.get(reader)?.length ?? 0
    if (waits >= waitingPerUser) throw waits > 0 || this.#held.get(reader) === placesPerUser ? new TooManyReads() : new Overloaded()
    if (this.#waitingCount >= waiting) throw new Overloaded()
    return this.#wait(reader, signal)
  }

  /**
   * Lets others go first who wait: users who hold no place, or, where the work is `long`, anybody.
   * Resolves to the place to go on with.
   */
  async giveWay (reader: Reader, leave: Leave, isLong: boolean, signal: AbortSignal): Promise<Leave> {
    signal.throwIfAborted()
    const isWanted = isLong ? this.#waitingCount > 0 : [...this.#waiting.keys()].some((other) => !this.#held.has(other))
    if (!isWanted) return leave
    leave()
    return this.#isFreeFor(reader) ? this.#enter(reader) : this.#wait(reader, signal)
  }

  #isFreeFor (reader: Reader): boolean {
    const { places, placesPerUser } = this.#options
    const mine = this.#held.get(reader) ?? 0
    return mine === 0 ? this.#taken < places : mine < placesPerUser && this.#taken < places - 1
  }

  #enter (reader: Reader): Leave {
    this.#taken++
    this.#held.set(reader, (this.#held.get(reader) ?? 0) + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#taken--
      const left = this.#held.get(reader)! - 1
      if (left === 0) this.#held.delete(reader)
      else this.#held.set(reader, left)
      this.#callNext()
    }
  }

  #wait (reader: Reader, signal: AbortSignal): Promise<Leave> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#remove(reader, waiter)
        reject(signal.reason)
      }
      const waiter: Waiter = {
        run: () => {
          signal.removeEventListener('abort', abort)
          resolve(this.#enter(reader))
        }
      }
      signal.addEventListener('abort', abort, { once: true })
      const queue = this.#waiting.get(reader)
      if (queue) queue.push(waiter)
      else this.#waiting.set(reader, [waiter])
      this.#waitingCount++
    })
  }

  #callNext (): void {
    for (const [reader, [first]] of this.#waiting) {
      if (!this.#isFreeFor(reader)) continue
      const others = this.#remove(reader, first!)
      // The user's next turn comes after everybody else's.
      this.#waiting.delete(reader)
      if (others.length > 0) this.#waiting.set(reader, others)
      first!.run()
      return this.#callNext()
    }
  }

  #remove (reader: Reader, waiter: Waiter): Waiter[] {
    const queue = this.#waiting.get(reader)!
    queue.splice(queue.indexOf(waiter), 1)
    this.#waitingCount--
    if (queue.length === 0) this.#waiting.delete(reader)
    return queue
  }
}
