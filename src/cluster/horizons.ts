import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { startOfTime } from '../model/span.ts'
import { newestBatchAt } from '../store/batches.ts'
import { within } from '../timeout.ts'
import type { Horizon, Instance } from './instances.ts'

/** Interval at which horizons are noted for followers that stay behind them, in milliseconds. */
const noteMs = 1000
/** Age of a horizon that is as good as a new one where nothing was stored since, in milliseconds. */
const recentMs = 1000
/** Poll interval while a caller waits for the horizon, in milliseconds. */
const pollMs = 20

/** Times before which every batch is stored, for all that follows the batches. */
export class Horizons {
  readonly #knex: Knex
  readonly #instance: Instance
  readonly #closing = new AbortController()
  /** The horizons of the last seconds, each with when it was read, by this process's monotonic clock. */
  readonly #noted: Array<{ time: UtcTime, at: number }> = []
  #latest: { time: UtcTime, at: number } = { time: startOfTime, at: -Infinity }
  /** The horizon for which a wait was in vain. */
  #stuckAt: UtcTime | undefined
  #reading: Promise<Horizon | undefined> | undefined
  #readingSince = 0
  /** The database takes no announcement: it hangs, is read-only, or has lost its cluster. */
  #isSilent = false

  constructor (knex: Knex, instance: Instance) {
    this.#knex = knex
    this.#instance = instance
  }

  /** The horizon as of now. */
  async now (): Promise<Horizon> {
    const startedAt = performance.now()
    const found = await this.#instance.horizon()
    const now = performance.now()
    if (found.time > this.#latest.time) this.#latest = { time: found.time, at: startedAt }
    const last = this.#noted.at(-1)
    if (last === undefined || now - last.at > noteMs) this.#noted.push({ time: found.time, at: now })
    return found
  }

  /**
   * A time before which every batch is stored, on any instance, where a transaction takes at most `transactionMs`.
   * A transaction of an instance that is believed gone may still take place. The age of a horizon is measured by the
   * monotonic clock: the horizons themselves may stand still, or leap, where a clock is set.
   */
  async settled (transactionMs: number): Promise<UtcTime> {
    const { time } = await this.now()
    const early = performance.now() - 2 * transactionMs
    const last = this.#noted.findLastIndex(({ at }) => at <= early)
    if (last > 0) this.#noted.splice(0, last)
    const [oldest] = this.#noted
    return last === -1 || oldest === undefined ? utcTime(millisecondsOf(time) - 2 * transactionMs) : oldest.time
  }

  /**
   * Waits until the horizon has passed every batch that is stored by now; resolves to the horizon.
   * Assumes that no instance died lately in the middle of a transaction.
   */
  async pastStored (): Promise<UtcTime> {
    const newest = await newestBatchAt(this.#knex)
    for (;;) {
      const { time } = await this.now()
      if (newest === undefined || time > newest) return time
      await delay(pollMs, undefined, { signal: this.#closing.signal })
    }
  }

  /**
   * A horizon of the last second; an older one where the database takes no announcement, and undefined where it has
   * taken none yet. Readers need no database that can be written.
   */
  async recent (maxMs: number): Promise<UtcTime | undefined> {
    if (performance.now() - this.#latest.at >= recentMs) await this.#read(maxMs)
    return this.#known
  }

  /**
   * Waits, for `maxMs` at most, until the horizon has passed a time; resolves to the horizon, as `recent` does.
   * Does not wait where the horizon stands still since another wait was in vain: a transaction may be open for long.
   */
  async passed (time: UtcTime, maxMs: number): Promise<UtcTime | undefined> {
    const deadline = performance.now() + maxMs
    while (this.#latest.time < time) {
      const left = deadline - performance.now()
      if (left <= 0) {
        this.#stuckAt = this.#latest.time
        break
      }
      const horizon = await this.#read(left)
      if (horizon === undefined || horizon.time === this.#stuckAt) break
      if (horizon.time < time) await delay(horizon.alone ? 1 : pollMs, undefined, { signal: this.#closing.signal })
    }
    return this.#known
  }

  /** Announces this process anew, unless that takes longer than `maxMs`. */
  async renew (maxMs: number): Promise<void> {
    await this.#read(maxMs)
  }

  get #known (): UtcTime | undefined {
    return this.#latest.at === -Infinity ? undefined : this.#latest.time
  }

  /** Reads the horizon once for all who wait; undefined where the database takes no announcement in time. */
  async #read (maxMs: number): Promise<Horizon | undefined> {
    this.#reading ??= this.#beginReading()
    // It was waited for in vain: nobody else waits until the database takes an announcement again.
    if (this.#isSilent) return undefined
    return await within(maxMs, this.#reading).catch(() => {
      if (performance.now() - this.#readingSince >= recentMs) this.#isSilent = true
      return undefined
    })
  }

  #beginReading (): Promise<Horizon | undefined> {
    this.#readingSince = performance.now()
    const end = (isSilent: boolean) => {
      this.#isSilent = isSilent
      this.#reading = undefined
    }
    return this.now().then((horizon) => {
      end(false)
      return horizon
    }, () => {
      end(true)
      return undefined
    })
  }

  /** Ends every wait. */
  close (): void {
    this.#closing.abort(new Error('the server closes'))
  }
}
