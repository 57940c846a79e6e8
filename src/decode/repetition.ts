// Bodies that clients without an Idempotency-Key retry because the answer was lost.
import { createHash } from 'node:crypto'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'

/** Milliseconds within which a client retries a request without an answer. */
const windowMs = 10 * 60_000
/** Bodies that are cached. */
const maxBodies = 10_000

/**
 * Names requests. A request that is repeated within 10 to 20 minutes gets the same name, later a new one. Another
 * instance, or this one after a restart, gives the same name within a window: windows end at every tenth minute.
 */
export class Repetitions {
  /** Window in which a body first came, by its id; the oldest first. */
  readonly #windows = new Map<string, number>()
  readonly #now: () => number

  /** `now` in milliseconds since 1970. */
  constructor (now = Date.now) {
    this.#now = now
  }

  /** `request` identifies the sender, the path and the form of the body. */
  nameOf (request: string, body: Buffer): string {
    const id = `${request} ${createHash('sha256').update(body).digest('base64')}`
    const present = Math.floor(this.#now() / windowMs)
    const first = this.#windows.get(id)
    // No Idempotency-Key has a line break.
    if (first !== undefined && present - first <= 1) return `repetition\n${first} ${id}`
    this.#windows.delete(id)
    this.#windows.set(id, present)
    const [oldest] = this.#windows.size > maxBodies ? this.#windows.keys() : []
    if (oldest !== undefined) this.#windows.delete(oldest)
    return `repetition\n${present} ${id}`
  }
}

/** Whether every log has a time of its own. Without times, equal requests may be meant as two. */
export function areTimed (records: readonly LogRecord[], arrival: UtcTime): boolean {
  return records.every(({ eventAt }) => eventAt !== arrival)
}

/** Whether any time is finer than a millisecond. */
export function areFinelyTimed (records: readonly LogRecord[]): boolean {
  return records.some(({ eventAt }) => !eventAt.endsWith('000'))
}
