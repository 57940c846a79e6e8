import { LRUCache } from 'lru-cache'
import type { UtcTime } from '../model/instant.ts'

interface Deadline {
  expiresAt: UtcTime
  endsAt: number
}

/** Bound on the credentials with a known deadline; past it, the one read longest ago is forgotten. */
const maxDeadlines = 10_000

/**
 * Deadlines of credentials by a monotonic clock.
 * A wall clock that is set back, the database's included, moves no deadline that is known here.
 */
export class Deadlines {
  readonly #known = new LRUCache<string, Deadline>({ max: maxDeadlines })

  /** The deadline of a credential that had `leftMs` left at `readAt`, in ms of the monotonic clock. */
  endOf (key: string, { expiresAt, leftMs }: { expiresAt: UtcTime | null, leftMs: number }, readAt: number): number {
    if (expiresAt === null) return Infinity
    const known = this.#known.get(key)
    const endsAt = Math.min(readAt + leftMs, known?.expiresAt === expiresAt ? known.endsAt : Infinity)
    this.#known.set(key, { expiresAt, endsAt })
    return endsAt
  }
}
