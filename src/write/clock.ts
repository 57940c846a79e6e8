import { utcTime, type UtcTime } from '../record.ts'

/** After an error a transaction may still take place for so long, in milliseconds. */
export const doubt = 5000

/**
 * The times at which batches are stored, as their rows tell them. Knows how far back those under
 * way go: before that nothing new appears, so whoever follows the batches in order misses none.
 */
export class CommitClock {
  readonly #underWay = new Set<UtcTime>()
  /** In microseconds since 1970. */
  #last = 0

  /** The time of a transaction that begins now; no two have the same, and they rise, also when the clock is set back. */
  begin (): UtcTime {
    this.#last = this.#next()
    const time = written(this.#last)
    this.#underWay.add(time)
    return time
  }

  /** The transaction of that time took place, or, where it failed, may still do so for some seconds. */
  end (time: UtcTime, failed: boolean): void {
    if (failed) setTimeout(() => this.#underWay.delete(time), doubt).unref()
    else this.#underWay.delete(time)
  }

  /** From here on new batches may appear. */
  get oldest (): UtcTime {
    // A Set keeps the order of insertion.
    return this.#underWay.values().next().value ?? written(this.#next())
  }

  #next (): number {
    return Math.max(this.#last + 1, Date.now() * 1000)
  }
}

function written (microseconds: number): UtcTime {
  return utcTime(Math.floor(microseconds / 1000)).slice(0, -3) + String(microseconds % 1000).padStart(3, '0')
}
