import { setTimeout as delay } from 'node:timers/promises'
import fp from 'fastify-plugin'
import { Background } from '../src/cluster/background.ts'
import { codeOf, describeFailure } from '../src/errors.ts'
import { Gatherer } from '../src/word-index/gatherer.ts'
import { rangesOf, type Range } from '../src/word-index/ranges.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../src/model/instant.ts'
import { isAway, openReader } from '../src/store/connect.ts'
import { findGap, noteFollowed } from '../src/cluster/followed.ts'
import { Lease, LeaseTaken } from '../src/cluster/leases.ts'
import { within } from '../src/timeout.ts'
import { usersOf } from '../src/store/users.ts'
import { Overtaken } from '../src/cluster/progress.ts'
import { beginIndex, countLogsOfBatches, feedId, feedReached, findHistory, listBatchesUpTo, makeHistory, purgeWords, readMessages, storeBlocks, storeWords, wordsFollower, type Place, type WordBlock } from '../src/word-index/table.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The index of words, which tells a search where to look. */
    wordIndex: {
      /** Searches ask it after so many milliseconds; undefined: never. */
      readonly askAfter: number | undefined
      /** Seconds that the index is behind what is stored; 0 while another instance sees to it. */
      readonly behind: number
      /**
       * Takes up now whatever is stored, on the instance that has the lease or gets it; rejects on any other.
       * Not part of the public API.
       */
      runNow (): Promise<void>
    }
  }
}

export interface WordIndexOptions {
  /** Whether an index of words is kept and used. Default true. */
  wordIndex?: boolean
  /** After so many milliseconds a search asks it where to look: before that it may as well be done. Default 25. */
  askAfter?: number
  /** How long a transaction may take, in milliseconds. Default 5000. */
  patience?: number
}

/** How often there is a look at what is new, in milliseconds, and what is worth writing: so many logs, or any that are so old. */
const pause = 10_000
const worthIt = 16_384
const longest = 5 * 60_000
/** So many logs are read at once, and so many of history are written at once. */
const pageSize = 1000
const historySize = 100_000
const hour = 3_600_000

/**
 * Keeps the index of words, behind the writer, from what is stored: one instance at a time. What is
 * not in it yet is searched without it, so it may be late, or stop, and nothing is ever missed.
 */
export default fp<WordIndexOptions>(async (app, { wordIndex: enabled = true, askAfter = 25, patience = 5000 }) => {
  const knex = app.logDb
  const lease = new Lease(app.logCluster.instance.control, 'words')
  const work = new Background(bringUpToDate, pause, (error) => {
    if (!(error instanceof LeaseTaken)) app.log.warn({ code: codeOf(error) }, 'the index of words could not be brought up to date; it tries again')
  })
  const { signal } = work
  const gatherer = new Gatherer()
  const reader = openReader(knex)
  let reached: UtcTime | undefined
  let committed = 0
  let owed = 0
  let purgedAt = performance.now()
  /** Users whose logs could not be taken up, and when that was: they are tried again an hour later. */
  const failed = new Map<number, number>()

  app.decorate('wordIndex', {
    askAfter: enabled ? askAfter : undefined,
    get behind () { return reached === undefined ? 0 : (Date.now() - millisecondsOf(reached)) / 1000 },
    runNow: () => work.runNow()
  })

  if (enabled) {
    app.logWriter.events.on('committed', (batches) => { for (const { records } of batches) committed += records.length })
    app.addHook('onReady', async () => { work.start() })
  }
  app.addHook('onClose', async () => {
    // A database that hangs must not keep the service from closing.
    await within(2000, work.end().then(() => lease.release())).catch(() => {})
    await gatherer.close()
    await reader.close()
  })

  async function bringUpToDate (isAwaited: boolean): Promise<void> {
    try {
      reached = undefined
      await holdLease()
      for (const [userId, at] of failed) if (isAwaited || performance.now() - at > hour) failed.delete(userId)
      const upTo = isAwaited ? await app.logCluster.horizons.pastStored() : undefined
      while (await indexFeed(upTo));
      await indexHistory()
      if (performance.now() - purgedAt > hour) await purge()
    } catch (error) {
      // Gathered words that were not stored are gathered again; another instance's blocks are closed to us.
      await gatherer.close()
      throw error
    }
  }

  /** Throws LeaseTaken where the lease is another instance's. */
  async function holdLease (): Promise<void> {
    signal.throwIfAborted()
    if (!await lease.hold()) throw new LeaseTaken()
  }

  /** Indexes a part of the new batches, up to a time if one is given, else once they are worth writing; resolves to whether there are more. */
  async function indexFeed (upTo?: UtcTime): Promise<boolean> {
    const horizon = upTo ?? await app.logCluster.horizons.settled(patience)
    let from = await feedReached(knex)
    if (from === undefined) {
      from = horizon
      await beginIndex(knex, from)
    }
    reached = from
    if (from >= horizon) return false
    const gap = await findGap(knex, wordsFollower, from, signal)
    const isRecent = gap.from === from && from > utcTime(millisecondsOf(horizon) - longest)
    if (upTo === undefined && isRecent && await countLogsOfBatches(knex, from, horizon) < worthIt) return false
    const { batches, to } = await listBatchesUpTo(knex, gap.from, horizon)
    for (const range of rangesOf(batches)) if (!await gatherOrLeave(range)) return true
    if (!await storeOrLeave(await gatherer.take())) return true
    await storeWords(knex, [], { userId: feedId, from, to })
    await noteFollowed(knex, wordsFollower, gap.before, to, batches.length)
    reached = to
    if (to >= horizon) return false
    await holdLease()
    return true
  }

  /** Takes up what was there before the index, one user after the other. */
  async function indexHistory (): Promise<void> {
    for (let user; (user = await findHistory(knex, [...failed.keys()])) !== undefined;) {
      const { userId, reached } = user
      try {
        await indexHistoryOf(userId, reached)
      } catch (error) {
        if (!failed.has(userId)) await leaveOut(userId, error)
      }
    }
  }

  async function indexHistoryOf (userId: number, reached: UtcTime): Promise<void> {
    let from = reached
    for (let place: Place | undefined, done = false; !done;) {
      await holdLease()
      place = await gather({ userId, firstAt: from }, historySize, place)
      done = place === undefined
      await storeWords(knex, await gatherer.take(), { userId, from, to: place?.at })
      // Meanwhile others go on sending.
      while (await indexFeed());
      if (place) from = place.at
    }
  }

  /** False where the user's logs can't be taken up: nothing that was gathered is left, and the next time they are passed by. */
  async function gatherOrLeave (range: Range): Promise<boolean> {
    try {
      if (failed.has(range.userId)) await makeHistory(knex, range.userId, range.firstAt)
      else await gather(range, Infinity)
      return true
    } catch (error) {
      if (!(error instanceof LeftOut)) await leaveOut(range.userId, error)
      return false
    }
  }

  /** False where the database does not take a user's blocks, as above. */
  async function storeOrLeave (blocks: readonly WordBlock[]): Promise<boolean> {
    try {
      await storeBlocks(knex, blocks)
      return true
    } catch (error) {
      if (isEverybodys(error)) throw error
    }
    let areStored = true
    for (const userId of new Set(blocks.map(({ userId }) => userId))) {
      try {
        await storeBlocks(knex, blocks.filter((block) => block.userId === userId))
      } catch (error) {
        await leaveOut(userId, error)
        areStored = false
      }
    }
    return areStored
  }

  /** Whether an error has to do with nobody's logs. */
  function isEverybodys (error: unknown): boolean {
    return signal.aborted || error instanceof LeaseTaken || error instanceof Overtaken || isAway(knex, error)
  }

  /** Leaves a user out for a while whose logs can't be read, taken apart or stored: others go on. */
  async function leaveOut (userId: number, error: unknown): Promise<void> {
    if (failed.has(userId) || isEverybodys(error)) throw error
    failed.set(userId, performance.now())
    app.log.warn({ userId, failure: describeFailure(error) }, 'logs of a user could not be taken into the index of words: they are searched without it, and tried again in an hour')
    await gatherer.close()
  }

  /** Takes up logs along the key; resolves to where it stopped before the end. */
  async function gather (range: Parameters<typeof readMessages>[1], most: number, after?: Place): Promise<Place | undefined> {
    for (let place = after, count = 0; ;) {
      signal.throwIfAborted()
      const before = committed
      const started = performance.now()
      const { logs, isEnd } = await readMessages(reader.knex, range, place, pageSize, signal)
      const isHeavy = await gatherer.add(range.userId, logs.map(({ at }) => at), logs.map(({ message }) => message))
      // Blocks may be stored before the progress that they make: they are only looked at the earlier.
      if (isHeavy && !await storeOrLeave(await gatherer.take())) throw new LeftOut()
      await rest((performance.now() - started) * (committed > before ? 2 : 0.25))
      if (isEnd) return undefined
      count += logs.length
      place = logs.at(-1)
      if (count >= most) return place
    }
  }

  /** Who writes and searches goes first: after work this pauses for so many milliseconds, short pauses being saved up. */
  async function rest (milliseconds: number): Promise<void> {
    owed += milliseconds
    if (owed < 10) return
    await delay(owed, undefined, { signal })
    owed = 0
  }

  async function purge (): Promise<void> {
    for (const { id } of await usersOf(knex).list()) {
      await holdLease()
      if (failed.has(id)) continue
      try {
        await purgeWords(knex, id)
      } catch (error) {
        await leaveOut(id, error)
      }
    }
    purgedAt = performance.now()
  }
}, { name: 'loggerbot-word-index', fastify: '5.x', dependencies: ['loggerbot-writer'] })

/** Blocks of a user were not stored: what was gathered with them is lost. */
class LeftOut extends Error {}
