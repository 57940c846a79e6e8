import type { Knex } from 'knex'
import { findGap, noteFollowed } from '../cluster/followed.ts'
import type { Horizons } from '../cluster/horizons.ts'
import { LeasedWorker, type WorkerInstance } from '../cluster/leased-worker.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { rangesOfBatches, type BatchRange } from '../store/batch-ranges.ts'
import { listBatchesUpTo } from '../store/batches.ts'
import { openReader } from '../store/connect.ts'
import type { Reader } from '../store/reader.ts'
import { usersOf } from '../store/users.ts'
import type { WordBlock } from './blocks.js'
import { Gatherer } from './gatherer.ts'
import { beginIndex, feedId, feedReached, findHistory, makeHistory, saveProgress, wordsFollower } from './progress.ts'
import { purgeWords, storeBlocks } from './slices.ts'
import { countLogsOfBatches, readMessages, type LogPosition, type MessageRange } from './source.ts'

const pollMs = 10_000
/** New logs are indexed once there are this many, or once they are this old. */
const minNewLogs = 16_384
const maxLagMs = 5 * 60_000
/** Logs that are indexed in one step. */
const maxLogsPerStep = 150_000
/** Logs that are read at once. */
const pageSize = 1000
/** Logs of a user's history after which the progress is saved. */
const historySize = 100_000
/** Interval at which expired blocks are deleted. */
const purgeMs = 3_600_000
/** Time after which a user whose logs could not be indexed is tried again. */
const retryUserMs = 3_600_000

export interface IndexerOptions {
  knex: Knex
  instance: WorkerInstance
  horizons: Pick<Horizons, 'settled' | 'pastStored'>
  /** How long a transaction may take, in milliseconds. */
  transactionMs: number
  /** A run failed; the next one tries again. */
  onFailure: (error: unknown) => void
  /** A run has succeeded again. */
  onRecovery?: (() => void) | undefined
  /** Logs of a user could not be indexed: they are searched without the index, and retried in an hour. */
  onUserFailure: (userId: number, error: unknown) => void
}

/** Some blocks of a user were not stored: the words that were gathered with them are lost. */
class UserSkipped extends Error {}

/**
 * Keeps the word index up to date, behind the writer, from what is stored.
 * Logs that it does not hold yet are searched without it, so it may be late, or stop, and no log is ever missed.
 */
export class WordIndexer {
  readonly #options: IndexerOptions
  readonly #knex: Knex
  readonly #worker: LeasedWorker
  readonly #gatherer = new Gatherer()
  readonly #connection: ReturnType<typeof openReader>
  readonly #reader: Reader
  #reached: UtcTime | undefined
  #purgedAt = performance.now()
  /** Users whose logs could not be indexed, with when that was. */
  readonly #failed = new Map<number, number>()

  constructor (options: IndexerOptions) {
    this.#options = options
    this.#knex = options.knex
    this.#worker = new LeasedWorker(options.instance, {
      lease: 'words',
      pauseMs: pollMs,
      run: (isAwaited) => this.#run(isAwaited),
      reset: () => this.#reset(),
      onFailure: options.onFailure,
      onRecovery: options.onRecovery
    })
    this.#connection = openReader(options.knex)
    this.#reader = { knex: this.#connection.knex, signal: this.#worker.signal }
  }

  /** Seconds by which the index is behind the feed; 0 while another instance keeps it. */
  get behindSeconds (): number {
    return this.#reached === undefined ? 0 : (Date.now() - millisecondsOf(this.#reached)) / 1000
  }

  start (): void {
    this.#worker.start()
  }

  /** Indexes everything that is stored; rejects with LeaseTaken where another instance keeps the index. */
  runNow (): Promise<void> {
    return this.#worker.runNow()
  }

  stop (): void {
    this.#worker.stop()
  }

  async close (): Promise<void> {
    await this.#worker.close()
    await this.#gatherer.close()
    await this.#connection.close()
  }

  async #run (isAwaited: boolean): Promise<void> {
    for (const [userId, at] of this.#failed) {
      if (isAwaited || performance.now() - at > retryUserMs) this.#failed.delete(userId)
    }
    const upTo = isAwaited ? await this.#options.horizons.pastStored() : undefined
    while (await this.#indexFeed(upTo));
    await this.#indexHistory()
    if (performance.now() - this.#purgedAt > purgeMs) await this.#purge()
  }

  /** Words that were not stored are gathered again. Blocks that another instance continues are closed here. */
  async #reset (): Promise<void> {
    this.#reached = undefined
    await this.#gatherer.close()
  }

  /** Indexes a step of the feed up to a time, by default once that is worth it; resolves to whether there is more. */
  async #indexFeed (upTo?: UtcTime): Promise<boolean> {
    const horizon = upTo ?? await this.#options.horizons.settled(this.#options.transactionMs)
    const from = await this.#feedStart(horizon)
    this.#reached = from
    if (from >= horizon) return false
    const gap = await findGap(this.#reader, wordsFollower, from)
    if (upTo === undefined && gap.from === from && await this.#isTooLittle(from, horizon)) return false
    const { batches, to } = await listBatchesUpTo(this.#knex, { from: gap.from, to: horizon }, maxLogsPerStep)
    for (const range of await rangesOfBatches(this.#reader, batches)) if (!await this.#gatherBatches(range)) return true
    if (!await this.#storeBlocks(await this.#gatherer.take())) return true
    await saveProgress(this.#knex, { userId: feedId, from, to })
    await noteFollowed(this.#knex, wordsFollower, gap.before, { to, batches: batches.length })
    this.#reached = to
    if (to >= horizon) return false
    await this.#worker.holdLease()
    return true
  }

  /** Position in the feed; an index that is missing, or too old to be continued, begins at the horizon. */
  async #feedStart (horizon: UtcTime): Promise<UtcTime> {
    const reached = await feedReached(this.#knex)
    if (reached !== undefined) return reached
    await beginIndex(this.#knex, horizon)
    return horizon
  }

  /** Whether the new logs are too few, and too young, to be worth a write. */
  async #isTooLittle (from: UtcTime, horizon: UtcTime): Promise<boolean> {
    if (from <= utcTime(millisecondsOf(horizon) - maxLagMs)) return false
    return await countLogsOfBatches(this.#knex, { from, to: horizon }) < minNewLogs
  }

  /** Indexes the logs from before the index, one user after the other. */
  async #indexHistory (): Promise<void> {
    for (let user; (user = await findHistory(this.#knex, [...this.#failed.keys()])) !== undefined;) {
      try {
        await this.#indexHistoryOf(user.userId, user.reached)
      } catch (error) {
        if (!this.#failed.has(user.userId)) await this.#skipUser(user.userId, error)
      }
    }
  }

  async #indexHistoryOf (userId: number, reached: UtcTime): Promise<void> {
    let from = reached
    let position: LogPosition | undefined
    do {
      await this.#worker.holdLease()
      position = await this.#gather({ userId, firstAt: from }, historySize, position)
      await storeBlocks(this.#knex, await this.#gatherer.take())
      await saveProgress(this.#knex, { userId, from, to: position?.at })
      // New logs keep arriving.
      while (await this.#indexFeed());
      if (position) from = position.at
    } while (position !== undefined)
  }

  /** False where a user's logs could not be indexed: the step is repeated without that user. */
  async #gatherBatches (range: BatchRange): Promise<boolean> {
    try {
      if (this.#failed.has(range.userId)) await makeHistory(this.#knex, range.userId, range.times[0].firstAt)
      else await this.#gather(range, Infinity)
      return true
    } catch (error) {
      if (!(error instanceof UserSkipped)) await this.#skipUser(range.userId, error)
      return false
    }
  }

  /** Gathers the words of at most `maxLogs` logs; resolves to the position where it stopped before the end. */
  async #gather (range: MessageRange, maxLogs: number, after?: LogPosition): Promise<LogPosition | undefined> {
    let position = after
    let count = 0
    do {
      this.#reader.signal.throwIfAborted()
      const started = performance.now()
      const { logs, isEnd } = await readMessages(this.#reader, range, position, pageSize)
      const times = logs.map(({ at }) => at)
      const isHeavy = await this.#gatherer.add(range.userId, times, logs.map(({ message }) => message))
      // Blocks may be stored before their progress: they are only searched earlier.
      if (isHeavy && !await this.#storeBlocks(await this.#gatherer.take())) throw new UserSkipped()
      await this.#worker.rest(performance.now() - started)
      if (isEnd) return undefined
      count += logs.length
      position = logs.at(-1)
    } while (count < maxLogs)
    return position
  }

  /** False where the database refused the blocks of a user. */
  async #storeBlocks (blocks: readonly WordBlock[]): Promise<boolean> {
    try {
      await storeBlocks(this.#knex, blocks)
      return true
    } catch (error) {
      if (this.#worker.concernsAll(error)) throw error
    }
    let areStored = true
    for (const userId of new Set(blocks.map(({ userId }) => userId))) {
      try {
        await storeBlocks(this.#knex, blocks.filter((block) => block.userId === userId))
      } catch (error) {
        await this.#skipUser(userId, error)
        areStored = false
      }
    }
    return areStored
  }

  /** Leaves out a user whose logs cannot be read, gathered or stored, so that other users are indexed. */
  async #skipUser (userId: number, error: unknown): Promise<void> {
    if (this.#failed.has(userId) || this.#worker.concernsAll(error)) throw error
    this.#failed.set(userId, performance.now())
    this.#options.onUserFailure(userId, error)
    await this.#gatherer.close()
  }

  async #purge (): Promise<void> {
    for (const { id } of await usersOf(this.#knex).list()) {
      await this.#worker.holdLease()
      if (this.#failed.has(id)) continue
      try {
        await purgeWords(this.#knex, id)
      } catch (error) {
        await this.#skipUser(id, error)
      }
    }
    this.#purgedAt = performance.now()
  }
}
