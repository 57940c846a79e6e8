import type { UtcTime } from '../model/instant.ts'

/** How long announcements are kept, in milliseconds: a replica that is further behind is of little use. */
const keptMs = 10 * 60_000

/** What a copy of the database holds that has an announcement of this process. */
export interface Held {
  /** Every batch that was created before it. */
  before: UtcTime
  /** Milliseconds since the oldest announcement that the copy lacks; 0 where it has all. */
  lagMs: number
}

interface Announcement {
  /** `seen_at` of the row in `instances`, by which a copy of it is recognized. */
  seenAt: string
  before: UtcTime
  /** By the monotonic clock. */
  at: number
}

/**
 * The announcements that this process has made lately, see instances.ts.
 *
 * A replica commits in the order of its source. So if it has an announcement, it has all that the source had committed
 * before. This compares no clocks, and needs no privilege.
 */
export class Announcements {
  /** Oldest first. */
  readonly #list: Announcement[] = []

  /** Before it, all batches had been committed when the latest announcement was made. */
  get before (): UtcTime | undefined {
    return this.#list.at(-1)?.before
  }

  /** Notes an announcement; all batches created before `before` had been committed when it was made. */
  note (seenAt: string, before: UtcTime): void {
    const now = performance.now()
    this.#list.push({ seenAt, before, at: now })
    const firstKept = this.#list.findIndex(({ at }) => at > now - keptMs)
    this.#list.splice(0, firstKept)
  }

  /** What a copy of the database holds if its row of this process has this `seen_at`; undefined for an unknown one. */
  find (seenAt: string): Held | undefined {
    const index = this.#list.findLastIndex((noted) => noted.seenAt === seenAt)
    const found = this.#list[index]
    if (found === undefined) return undefined
    const next = this.#list[index + 1]
    return { before: found.before, lagMs: next === undefined ? 0 : performance.now() - next.at }
  }
}
