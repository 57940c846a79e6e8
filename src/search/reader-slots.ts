import { Overloaded, TooManyReads } from '../errors.ts'

/** The user that reads, by id; null for the owner of the API key. */
export type ReaderId = number | null

export interface SlotOptions {
  /** Slots for all users. While a user holds one, the last free slot is reserved for users without any. */
  slots: number
  slotsPerUser: number
  /** Maximum of requests that wait for a slot. Default: none. */
  maxWaiting?: number
  maxWaitingPerUser?: number
}

interface Waiter {
  begin: () => void
}

/** Gives the slot back; a second call does nothing. */
export type Release = () => void

/**
 * Slots for work that costs the server something, shared fairly: users take turns, however many requests each has.
 *
 * No user can hold all slots or fill the queue, so a user with few requests waits for few, whatever the others do.
 */
export class ReaderSlots {
  readonly #options: Required<SlotOptions>
  readonly #heldBy = new Map<ReaderId, number>()
  #held = 0
  /** In the order of the users' turns. */
  readonly #queues = new Map<ReaderId, Waiter[]>()
  #waiting = 0

  constructor ({ slots, slotsPerUser, maxWaiting = 0, maxWaitingPerUser = 0 }: SlotOptions) {
    this.#options = { slots, slotsPerUser, maxWaiting, maxWaitingPerUser }
  }

  /**
   * Acquires a slot, waiting for it if need be.
   *
   * Rejects with TooManyReads where too many requests of the user wait, with Overloaded where too many of all users do,
   * and with the signal's reason: the request then leaves the queue at once.
   */
  async acquire (reader: ReaderId, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted()
    if (this.#isFreeFor(reader)) return this.#hold(reader)
    const { slotsPerUser, maxWaiting, maxWaitingPerUser } = this.#options
    const waiting = this.#queues.get(reader)?.length ?? 0
    if (waiting >= maxWaitingPerUser) {
      throw waiting > 0 || this.#heldBy.get(reader) === slotsPerUser ? new TooManyReads() : new Overloaded()
    }
    if (this.#waiting >= maxWaiting) throw new Overloaded()
    return await this.#wait(reader, signal)
  }

  /** Lets users go first who wait and hold no slot; resolves with a slot to continue with. */
  async giveWay (reader: ReaderId, release: Release, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted()
    if ([...this.#queues.keys()].every((other) => this.#heldBy.has(other))) return release
    release()
    return this.#isFreeFor(reader) ? this.#hold(reader) : await this.#wait(reader, signal)
  }

  #isFreeFor (reader: ReaderId): boolean {
    const { slots, slotsPerUser } = this.#options
    const held = this.#heldBy.get(reader) ?? 0
    return held === 0 ? this.#held < slots : held < slotsPerUser && this.#held < slots - 1
  }

  #hold (reader: ReaderId): Release {
    this.#count(reader, 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#count(reader, -1)
      this.#beginNext()
    }
  }

  #count (reader: ReaderId, change: 1 | -1): void {
    this.#held += change
    const held = (this.#heldBy.get(reader) ?? 0) + change
    if (held === 0) this.#heldBy.delete(reader)
    else this.#heldBy.set(reader, held)
  }

  #wait (reader: ReaderId, signal: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#setQueue(reader, this.#queueOf(reader).filter((other) => other !== waiter))
        reject(signal.reason)
      }
      const waiter: Waiter = {
        begin: () => {
          signal.removeEventListener('abort', leave)
          resolve(this.#hold(reader))
        }
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#setQueue(reader, [...this.#queueOf(reader), waiter])
    })
  }

  #queueOf (reader: ReaderId): readonly Waiter[] {
    return this.#queues.get(reader) ?? []
  }

  /** A new queue is the last of all; another keeps its turn. */
  #setQueue (reader: ReaderId, queue: Waiter[]): void {
    this.#waiting += queue.length - this.#queueOf(reader).length
    if (queue.length === 0) this.#queues.delete(reader)
    else this.#queues.set(reader, queue)
  }

  #beginNext (): void {
    const next = [...this.#queues].find(([reader]) => this.#isFreeFor(reader))
    if (next === undefined) return
    const [reader, [first, ...others]] = next
    this.#setQueue(reader, [])
    // The user's next turn comes after everybody else's.
    this.#setQueue(reader, others)
    first?.begin()
    this.#beginNext()
  }
}
