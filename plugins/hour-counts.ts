import { setTimeout as delay } from 'node:timers/promises'
import fp from 'fastify-plugin'
import { Background } from '../src/cluster/background.ts'
import { codeOf, describeFailure } from '../src/errors.ts'
import { millisecondsOf, type UtcTime } from '../src/model/instant.ts'
import { everyUser } from '../src/store/batches.ts'
import { isAway, openReader } from '../src/store/connect.ts'
import { findGap, noteFollowed } from '../src/cluster/followed.ts'
import { beginHours, countable, countHours, forgetHours, hoursFollower, hoursReached, storeHours, touchedBy, uncounted, type Touched } from '../src/hour-counts/table.ts'
import { Lease, LeaseTaken } from '../src/cluster/leases.ts'
import { within } from '../src/timeout.ts'
import { TouchedHours } from '../src/hour-counts/touched.ts'
import { usersOf } from '../src/store/users.ts'
import { Overtaken } from '../src/cluster/progress.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The counts of logs by the hour, from which histograms are made. */
    hourCounts: {
      /**
       * Counts now whatever is stored and not counted yet, be it quiet or not, on the instance that has the lease or
       * gets it; rejects on any other. Not part of the public API.
       */
      runNow (): Promise<void>
    }
  }
}

export interface HourCountsOptions {
  /** How long a transaction may take, in milliseconds. Default 5000. */
  patience?: number
}

/** In milliseconds: how often there is a look at what was touched, and for how long it must be quiet before it is counted. */
const pause = 10_000
const quiet = 2 * 60_000
/** Counting should take about so long at once, in milliseconds, of so many hours at most. */
const quick = 50
const slow = 500
const widest = 24
const day = 86_400_000

/**
 * Keeps counts of logs by the hour, behind the writer, from what is stored: one instance at a time.
 * What is not counted yet is counted by whoever asks, so it may be late, or stop, and no count is ever wrong.
 */
export default fp<HourCountsOptions>(async (app, { patience = 5000 }) => {
  const knex = app.logDb
  const reader = openReader(knex)
  const lease = new Lease(app.logCluster.instance.control, 'hour-counts')
  const work = new Background(bringUpToDate, pause, (error) => {
    if (!(error instanceof LeaseTaken)) app.log.warn({ code: codeOf(error) }, 'logs could not be counted by the hour; it tries again')
  })
  const { signal } = work
  const touched = new TouchedHours()
  /** What was touched is known as long as the lease is ours. */
  let isKnown = false
  let reached: UtcTime
  let followedAt = 0
  let width = 1

  app.decorate('hourCounts', { runNow: () => work.runNow() })
  app.addHook('onReady', async () => { work.start() })
  app.addHook('onClose', async () => {
    // A database that hangs must not keep the service from closing.
    await within(2000, work.end().then(() => lease.release())).catch(() => {})
    await reader.close()
  })

  async function bringUpToDate (isAwaited: boolean): Promise<void> {
    try {
      await holdLease()
      if (!isKnown) await touchEverything()
      await follow(isAwaited ? await app.logCluster.horizons.pastStored() : await app.logCluster.horizons.settled(patience))
      for (const span of touched.takeQuiet(performance.now() - (isAwaited ? 0 : quiet))) await countOrLeave(span)
    } catch (error) {
      isKnown = false
      throw error
    }
  }

  /** Throws LeaseTaken where the lease is another instance's. */
  async function holdLease (): Promise<void> {
    signal.throwIfAborted()
    if (!await lease.hold()) throw new LeaseTaken()
  }

  async function touchEverything (): Promise<void> {
    for (const { id: userId } of await usersOf(knex).list()) touched.touch({ userId, ...countable }, performance.now())
    isKnown = true
  }

  /** Forgets the counts of hours that batches touched before the horizon. */
  async function follow (horizon: UtcTime): Promise<void> {
    followedAt = performance.now()
    const known = await hoursReached(knex)
    reached = known ?? horizon
    if (known === undefined) {
      await beginHours(knex, horizon)
      await touchEverything()
    }
    if (reached >= horizon) return

    const { from, before } = await findGap(reader.knex, hoursFollower, reached, signal)
    const spans = await touchedBy(reader.knex, { from, to: horizon }, undefined, signal)
    // While nothing comes nothing need be written.
    if (spans.length === 0 && millisecondsOf(horizon) - millisecondsOf(reached) < day) return
    await forgetHours(knex, spans, reached, horizon)
    await noteFollowed(knex, hoursFollower, before, horizon, spans.reduce((sum, { batches }) => sum + batches, 0))
    reached = horizon
    for (const span of await ofEachUser(spans)) touched.touch(span, performance.now())
  }

  async function ofEachUser (spans: readonly Touched[]): Promise<Touched[]> {
    if (!spans.some(({ userId }) => userId === everyUser)) return [...spans]
    const users = await usersOf(knex).list()
    return spans.flatMap((span) => span.userId === everyUser ? users.map(({ id }) => ({ ...span, userId: id })) : span)
  }

  /** Where a user's logs can't be counted, those of others are: who asks counts them, and they are tried again. */
  async function countOrLeave (span: Touched): Promise<void> {
    try {
      await count(span)
    } catch (error) {
      if (signal.aborted || error instanceof LeaseTaken || error instanceof Overtaken || isAway(knex, error)) throw error
      app.log.warn({ userId: span.userId, failure: describeFailure(error) }, 'logs of a user could not be counted by the hour; it tries again')
      touched.touch(span, performance.now())
    }
  }

  /** Counts the hours of a span that lack counts. */
  async function count ({ userId, ...span }: Touched): Promise<void> {
    for (const { from, to } of await uncounted(reader.knex, userId, span, signal)) {
      for (let at = from; at < to;) {
        await holdLease()
        // Meanwhile others go on sending.
        if (performance.now() - followedAt > pause) await follow(await app.logCluster.horizons.settled(patience))
        const started = performance.now()
        const counted = await countHours(reader.knex, userId, { from: at, to }, width, signal)
        const took = performance.now() - started
        if (counted.hours.length > 0) await storeHours(knex, userId, counted.hours, reached)
        at = counted.to
        if (took > slow) width = Math.max(Math.floor(width / 2), 1)
        else if (took < quick) width = Math.min(width * 2, widest)
        // Who writes and searches goes first.
        await delay(took, undefined, { signal })
      }
    }
  }
}, { name: 'loggerbot-hour-counts', fastify: '5.x', dependencies: ['loggerbot-cluster'] })
