import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'

/** After an error a transaction may still take place for so long, in milliseconds. */
export const doubt = 5000

/** Farther ahead of the database than this, in microseconds, the clock goes at half speed until it is met. */
const aheadMicroseconds = 100_000

/**
 * The times at which batches are stored, as their rows tell them. Knows how far back those under
 * way go: before that nothing new appears, so whoever follows the batches in order misses none.
 *
 * It goes by the database's clock, between two looks at that by this process's steady one, and never
 * goes back: neither here, nor behind what is stored already, whatever clock that was stored by.
 * Where that is ahead, it goes at half speed until the database's clock has caught up.
 */
export class CommitClock {
  readonly #underWay = new Set<UtcTime>()
  readonly #admission: () => Promise<void> | undefined
  /** In microseconds since 1970. */
  #last = 0
  /** The machine's clock until the database has told its own. */
  #base = Date.now() * 1000
  #baseAt = performance.now()
  #speed = 1
  #isTold = false
  #begun = 0

  /** `admission` gives what must be awaited before anything may be stored, undefined where nothing must. */
  constructor (admission: () => Promise<void> | undefined = () => undefined) {
    this.#admission = admission
  }

  /**
   * Goes by the database's clock from now on, which was at that time at most so many milliseconds ago, and not behind `floor`.
   * As far as the machine's clock agrees with that, it is the finer one.
   */
  follow (databaseTime: UtcTime, agoMs: number, floor: UtcTime = ''): void {
    const earliest = microsecondsOf(databaseTime)
    const measured = Math.min(Math.max(Date.now() * 1000, earliest), earliest + Math.floor(agoMs * 1000))
    // Before the first look nothing was stored: the machine's clock may have been ahead.
    const least = this.#isTold ? this.#now() : 0
    this.#base = Math.max(least, measured, floor === '' ? 0 : microsecondsOf(floor) + 1)
    this.#baseAt = performance.now()
    this.#speed = this.#base - measured > aheadMicroseconds ? 0.5 : 1
    this.#isTold = true
  }

  /** Resolves once a transaction may begin; rejects with the signal's reason, or with why none may. */
  async ready (signal?: AbortSignal): Promise<void> {
    const admission = this.#admission()
    if (admission === undefined) return
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(signal!.reason)
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
      admission.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort))
    })
  }

  /** The time of a transaction that begins now; no two have the same, and they rise. */
  begin (): UtcTime {
    this.#begun++
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

  /** Number of transactions that have begun. */
  get begun (): number {
    return this.#begun
  }

  /** In milliseconds since 1970. */
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

function written (microseconds: number): UtcTime {
  return utcTime(Math.floor(microseconds / 1000)).slice(0, -3) + String(microseconds % 1000).padStart(3, '0')
}

function microsecondsOf (time: UtcTime): number {
  return millisecondsOf(time.slice(0, 23)) * 1000 + Number(time.slice(23, 26))
}
