import { randomInt } from 'node:crypto'

const counterBits = 16n

/**
 * Gives out record ids: 48 bits of our clock in milliseconds, then a counter of 16 bits.
 * They rise with arrival, also when the clock is set back, so `ORDER BY log_event_at, id` is
 * the order sent. Each millisecond's counter starts at a random place, so that two processes
 * seldom meet; when they do, the database refuses the duplicate and fresh ids are taken.
 */
export class RecordIds {
  readonly #now: () => number
  #last = 0n

  /** `now` is in milliseconds since 1970. Default: this machine's clock. */
  constructor (now: () => number = Date.now) {
    this.#now = now
  }

  /** The first of `count` ids in a row. */
  take (count: number, now = this.#now()): bigint {
    const start = (BigInt(now) << counterBits) + BigInt(randomInt(2 ** 15))
    const first = start > this.#last ? start : this.#last + 1n
    this.#last = first + BigInt(count) - 1n
    return first
  }
}
