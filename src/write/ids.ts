import { randomInt } from 'node:crypto'

const counterBits = 16n

/**
 * Assigns record ids: 48 bits of our clock in milliseconds, then a counter of 16 bits.
 *
 * Ids rise in the order of arrival, even when the clock is set back, so `ORDER BY log_event_at, id` is the order sent.
 * The counter of each millisecond starts at a random number, so that two processes rarely collide; if they do, the
 * database refuses the duplicate and the batch gets fresh ids.
 */
export class RecordIds {
  readonly #now: () => number
  #last = 0n

  /** `now` returns milliseconds since 1970. Default: this machine's clock. */
  constructor (now: () => number = Date.now) {
    this.#now = now
  }

  /** Reserves `count` consecutive ids; returns the first. */
  reserve (count: number, now = this.#now()): bigint {
    const start = (BigInt(now) << counterBits) + BigInt(randomInt(2 ** 15))
    const first = start > this.#last ? start : this.#last + 1n
    this.#last = first + BigInt(count) - 1n
    return first
  }
}
