// Bodies that come again because the answer to them was lost, from clients that know no Idempotency-Key.
import { createHash } from 'node:crypto'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'

/** Milliseconds within which a client that heard no answer tries again. */
const windowMs = 10 * 60_000
/** Bodies that are remembered. */
const maxBodies = 10_000

/**
 * Names for requests: the same for a request that comes again within 10 to 20 minutes, another one later. Another instance,
 * or this one after a restart, gives the same name unless a window has ended in between: they end at every tenth minute.
 */
export class Repetitions {
  /** The window in which a body first came, by what names it; the oldest first. */
  readonly #windows = new Map<string, number>()
  readonly #now: () => number

  /** `now` in milliseconds since 1970. */
  constructor (now = Date.now) {
    this.#now = now
  }

  /** `request` says who sends the body where, and in which form. */
  nameOf (request: string, body: Buffer): string {
    const id = `${request} ${createHash('sha256').update(body).digest('base64')}`
    const present = Math.floor(this.#now() / windowMs)
    const first = this.#windows.get(id)
    // No Idempotency-Key holds a line break.
    if (first !== undefined && present - first <= 1) return `repetition\n${first} ${id}`
    this.#windows.delete(id)
    this.#windows.set(id, present)
    if (this.#windows.size > maxBodies) this.#windows.delete(this.#windows.keys().next().value!)
    return `repetition\n${present} ${id}`
  }
}

/** Whether every log has a time of its own, without which two requests of the same bytes may be meant as two. */
export function areTimed (records: readonly LogRecord[], arrival: UtcTime): boolean {
  return records.every(({ eventAt }) => eventAt !== arrival)
}

/** Whether any time is finer than a millisecond. */
export function areFinelyTimed (records: readonly LogRecord[]): boolean {
  return records.some(({ eventAt }) => !eventAt.endsWith('000'))
}
