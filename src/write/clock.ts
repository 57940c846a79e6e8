import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { unlessAborted } from '../timeout.ts'

/** A transaction that failed on our side may still be committed by the database for this long. */
export const lateCommitMs = 5000

/** If the clock is further ahead of the database's than this, it runs at half speed until they agree. */
const maxAheadMicroseconds = 100_000

/**
 * Assigns `createdAt` to transactions, and knows the oldest one under way, and the oldest group that retries one.
 *
 * Nothing new appears before the oldest of them, neither by `createdAt` nor by the ids, which hold a time, too. So a
 * reader that follows the batches in order misses none, and a view of the logs up to there does not change.
 *
 * The clock follows the database's; between two readings of that it uses this process's monotonic clock. It never goes
 * back: neither within this process, nor behind rows that are already stored, whatever clock they were stored by. While
 * those rows are ahead of the database's clock, it runs at half speed until the database has caught up.
 */
export class CommitClock {
  readonly #underWay = new Set<UtcTime>()
  readonly #admission: () => Promise<void> | undefined
  /** Microseconds since 1970. */
  #last = 0
  /** Microseconds since 1970 at `#baseAt`: by this machine's clock until the database's was read. */
  #base = Date.now() * 1000
  #baseAt = performance.now()
  #speed = 1
  #followsDatabase = false
  #begun = 0

  /** `admission` returns what must be awaited before a transaction may begin; undefined if one may begin now. */
  constructor (admission: () => Promise<void> | undefined = () => undefined) {
    this.#admission = admission
  }

  /**
   * Sets the clock by a reading of the database's, and not behind `floor`.
   *
   * The database returned `databaseTime` at most `agoMs` milliseconds ago. Within that uncertainty this machine's clock
   * is used, because it is the finer one.
   */
  follow (databaseTime: UtcTime, agoMs: number, floor: UtcTime = ''): void {
    const earliest = microsecondsOf(databaseTime)
    const measured = Math.min(Math.max(Date.now() * 1000, earliest), earliest + Math.floor(agoMs * 1000))
    // Nothing was stored before the first reading, so the clock may go back then: this machine's may have been ahead.
    const least = this.#followsDatabase ? this.#now() : 0
    this.#base = Math.max(least, measured, floor === '' ? 0 : microsecondsOf(floor) + 1)
    this.#baseAt = performance.now()
    this.#speed = this.#base - measured > maxAheadMicroseconds ? 0.5 : 1
    this.#followsDatabase = true
  }

  /** Resolves once a transaction may begin; rejects with the signal's reason, or if none may. */
  async ready (signal?: AbortSignal): Promise<void> {
    const admission = this.#admission()
    if (admission === undefined) return
    await (signal === undefined ? admission : unlessAborted(signal, admission))
  }

  /** Begins a transaction; returns its time, which is later than that of every transaction before. */
  begin (): UtcTime {
    this.#begun++
    return this.arrive()
  }

  /** Notes the time before ids are assigned; it counts as under way until it is given to `end`. */
  arrive (): UtcTime {
    this.#last = this.#next()
    const time = toTime(this.#last)
    this.#underWay.add(time)
    return time
  }

  /** Ends a transaction, or a wait; a transaction that may still be committed counts as under way for some seconds. */
  end (time: UtcTime, mayBeCommitted: boolean): void {
    if (mayBeCommitted) setTimeout(() => this.#underWay.delete(time), lateCommitMs).unref()
    else this.#underWay.delete(time)
  }

  /** Horizon: every batch that was created, or arrived, earlier is already visible, or in the spool. */
  get oldest (): UtcTime {
    // A Set keeps the order of insertion.
    return this.#underWay.values().next().value ?? toTime(this.#next())
  }

  /** Number of transactions that have begun. */
  get begun (): number {
    return this.#begun
  }

  /** The present in milliseconds since 1970. */
  get milliseconds (): number {
    return Math.floor(Math.max(this.#last, this.#now()) / 1000)
  }

  #next (): number {
    return Math.max(this.#last + 1, this.#now())
  }

  #now (): number {
    return Math.floor(this.#base + (performance.now() - this.#baseAt) * 1000 * this.#speed)
  }
}

function toTime (microseconds: number): UtcTime {
  return utcTime(Math.floor(microseconds / 1000)).slice(0, -3) + String(microseconds % 1000).padStart(3, '0')
}

function microsecondsOf (time: UtcTime): number {
  return millisecondsOf(time.slice(0, 23)) * 1000 + Number(time.slice(23, 26))
}
