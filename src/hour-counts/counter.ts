import type { Knex } from 'knex'
import { findGap, noteFollowed } from '../cluster/followed.ts'
import type { Horizons } from '../cluster/horizons.ts'
import { LeasedWorker, type WorkerInstance } from '../cluster/leased-worker.ts'
import { AdaptiveStep } from '../model/adaptive-step.ts'
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import { startOfTime } from '../model/span.ts'
import { everyUser } from '../store/batches.ts'
import { openReader } from '../store/connect.ts'
import type { Reader } from '../store/reader.ts'
import { usersOf } from '../store/users.ts'
import { countable, findTouched, hoursFollower, type Touched } from './batches.ts'
import { countHours } from './count.ts'
import { beginHours, findUncounted, forgetHours, hoursReached, storeHours } from './table.ts'
import { TouchedHours } from './touched.ts'

const pollMs = 10_000
/** Hours are counted once they have not changed for this long. */
const quietMs = 2 * 60_000
/** While no batch comes the progress is saved only once a day. */
const maxUnsavedMs = 86_400_000
/** Hours that are counted at once. */
const hoursPerStep = { initial: 1, min: 1, max: 24, quickMs: 50, slowMs: 500 }

export interface CounterOptions {
  knex: Knex
  instance: WorkerInstance
  horizons: Pick<Horizons, 'settled' | 'pastStored'>
  /** How long a transaction may take, in milliseconds. */
  transactionMs: number
  /** A run failed; the next one tries again. */
  onFailure: (error: unknown) => void
  /** A run has succeeded again. */
  onRecovery?: (() => void) | undefined
  /** Hours of a user could not be counted: each query counts them, and the next run tries again. */
  onUserFailure: (userId: number, error: unknown) => void
}

/**
 * Keeps the hour counts up to date, behind the writer, from what is stored.
 * A query counts the hours that have no count yet, so this may be late, or stop, and no count is ever wrong.
 */
export class HourCounter {
  readonly #options: CounterOptions
  readonly #knex: Knex
  readonly #worker: LeasedWorker
  readonly #connection: ReturnType<typeof openReader>
  readonly #reader: Reader
  readonly #touched = new TouchedHours()
  readonly #step = new AdaptiveStep(hoursPerStep)
  /** Whether every hour that may lack a count is in `#touched`: it is while this instance keeps the lease. */
  #knowsTouched = false
  /** The progress, as this instance read or saved it last. */
  #reached: UtcTime = startOfTime
  #followedAt = 0

  constructor (options: CounterOptions) {
    this.#options = options
    this.#knex = options.knex
    this.#worker = new LeasedWorker(options.instance, {
      lease: 'hour-counts',
      pauseMs: pollMs,
      run: (isAwaited) => this.#run(isAwaited),
      reset: () => { this.#knowsTouched = false },
      onFailure: options.onFailure,
      onRecovery: options.onRecovery
    })
    this.#connection = openReader(options.knex)
    this.#reader = { knex: this.#connection.knex, signal: this.#worker.signal }
  }

  start (): void {
    this.#worker.start()
  }

  /** Counts every hour that is not counted yet; rejects with LeaseTaken where another instance counts. */
  runNow (): Promise<void> {
    return this.#worker.runNow()
  }

  stop (): void {
    this.#worker.stop()
  }

  async close (): Promise<void> {
    await this.#worker.close()
    await this.#connection.close()
  }

  async #run (isAwaited: boolean): Promise<void> {
    const { horizons, transactionMs } = this.#options
    if (!this.#knowsTouched) await this.#touchAll()
    await this.#follow(isAwaited ? await horizons.pastStored() : await horizons.settled(transactionMs))
    const quietSince = performance.now() - (isAwaited ? 0 : quietMs)
    for (const span of this.#touched.takeQuiet(quietSince)) await this.#countOrSkip(span)
  }

  async #touchAll (): Promise<void> {
    for (const userId of await this.#userIds()) this.#touched.add({ userId, ...countable }, performance.now())
    this.#knowsTouched = true
  }

  async #userIds (): Promise<number[]> {
    return (await usersOf(this.#knex).list()).map(({ id }) => id)
  }

  /** Deletes the counts of hours that batches before the horizon changed. */
  async #follow (horizon: UtcTime): Promise<void> {
    this.#followedAt = performance.now()
    const reached = await hoursReached(this.#knex)
    this.#reached = reached ?? horizon
    if (reached === undefined) {
      await beginHours(this.#knex, horizon)
      await this.#touchAll()
    }
    if (reached === undefined || reached >= horizon) return

    const { from, before } = await findGap(this.#reader, hoursFollower, reached)
    const spans = await findTouched(this.#reader, { from, to: horizon })
    if (spans.length === 0 && millisecondsOf(horizon) - millisecondsOf(reached) < maxUnsavedMs) return
    await forgetHours(this.#knex, spans, { from: reached, to: horizon })
    const batches = spans.reduce((sum, { batches }) => sum + batches, 0)
    await noteFollowed(this.#knex, hoursFollower, before, { to: horizon, batches })
    this.#reached = horizon
    for (const span of await this.#ofEachUser(spans)) this.#touched.add(span, performance.now())
  }

  async #ofEachUser (spans: readonly Touched[]): Promise<readonly Touched[]> {
    if (!spans.some(({ userId }) => userId === everyUser)) return spans
    const userIds = await this.#userIds()
    return spans.flatMap((span) => span.userId === everyUser ? userIds.map((userId) => ({ ...span, userId })) : span)
  }

  /** Counts a span; one that cannot be counted is left for the next run, so that other users are counted. */
  async #countOrSkip (span: Touched): Promise<void> {
    try {
      await this.#count(span)
    } catch (error) {
      if (this.#worker.concernsAll(error)) throw error
      this.#options.onUserFailure(span.userId, error)
      this.#touched.add(span, performance.now())
    }
  }

  /** Counts the hours of a span that have no count. */
  async #count ({ userId, ...span }: Touched): Promise<void> {
    for (const { from, to } of await findUncounted(this.#reader, { userId, ...span })) {
      for (let at = from; at < to;) {
        await this.#worker.holdLease()
        // New logs keep arriving.
        if (performance.now() - this.#followedAt > pollMs) {
          await this.#follow(await this.#options.horizons.settled(this.#options.transactionMs))
        }
        const started = performance.now()
        const counted = await countHours(this.#reader, { userId, from: at, to }, this.#step.size)
        const tookMs = performance.now() - started
        if (counted.hours.length > 0) await storeHours(this.#knex, userId, counted.hours, this.#reached)
        at = counted.to
        this.#step.record(tookMs)
        await this.#worker.rest(tookMs)
      }
    }
  }
}
