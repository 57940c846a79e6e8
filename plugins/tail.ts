import fp from 'fastify-plugin'
import { codeOf } from '../src/errors.ts'
import type { UtcTime } from '../src/model/instant.ts'
import type { LogRecord } from '../src/model/record.ts'
import type { BatchPosition } from '../src/model/batch.ts'
import { countBatches, findBatch, listBatches, logsOfBatch, sinceBatches, type StoredBatch } from '../src/store/batches.ts'
import { usersOf } from '../src/store/users.ts'
import { Feed, nameOf as nameOfBatch } from '../src/tail/feed.ts'
import type { ReaderId } from '../src/search/reader-slots.ts'
import { readPosition, type LogPosition } from '../src/tail/position.ts'
import { Room } from '../src/tail/room.ts'
import { Subscription, type TailEvent } from '../src/tail/subscription.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The logs as they are stored, until the signal is given, which it must be in the end. */
    tailLogs: (options: TailOptions, signal: AbortSignal) => Promise<AsyncGenerator<TailEvent, void, void>>
  }
}

export interface TailOptions {
  /** Whose. Undefined: everybody's. */
  userId: number | undefined
  matches: (log: LogRecord, userName: string) => boolean
  /** The place of the last event that was seen: goes on after it. Default: from now on. */
  after?: string
  /** Whose share of reading a tail takes that catches up. Default: the user's. */
  reader?: ReaderId
}

/** A silence is told after so many milliseconds, so that nobody takes the connection for dead. */
const heartbeat = 15_000
const pageSize = 100

/** Hands on logs as they are stored, by whatever instance. */
export default fp(async (app) => {
  const knex = app.logDb
  const closing = new AbortController()
  const names = new Map<number, string>()
  const nameOf = (userId: number) => names.get(userId) ?? ''

  const feed = new Feed({
    horizon: () => app.logCluster.horizons.now(),
    list,
    count: (after, before) => countBatches(knex, after, before),
    since: (before, batches) => sinceBatches(knex, before, batches),
    async load (batch) {
      const stored = 'firstId' in batch ? batch as StoredBatch : await findBatch(knex, batch)
      return stored ? logsOfBatch(knex, stored, closing.signal) : []
    },
    onFailure: (error) => app.log.warn({ code: codeOf(error) }, 'the tail could not look at the database; it tries again')
  })
  const room = new Room()

  app.logWriter.events.on('committed', (batches, _seconds, createdAt, lacking) => {
    if (!feed.running) return
    for (const { userId, key, firstId, records, bytes } of batches) {
      const logs = lacking > 0 ? undefined : records.map((record, index) => ({ ...record, id: (firstId + BigInt(index)).toString() }))
      feed.add({ createdAt, userId, key: key.toString('hex'), bytes, logs })
    }
  })

  app.decorate('tailLogs', async ({ userId, matches, after, reader = userId ?? null }, signal) => {
    signal.throwIfAborted()
    const seen = after === undefined ? undefined : readPosition(after)
    const subscription = new Subscription(userId, matches, nameOf, { seen, room })
    signal.addEventListener('abort', () => {
      subscription.close()
      feed.unsubscribe(subscription)
    }, { once: true })
    await learnNames()
    const from = await feed.subscribe(subscription)
    return events()

    async function * events (): AsyncGenerator<TailEvent, void, void> {
      if (seen && seen.createdAt < from) yield * catchUp(new Subscription(userId, matches, nameOf, { seen }), { seen, before: from, reader }, signal)
      for (let events = await subscription.take(heartbeat); events !== undefined; events = await subscription.take(heartbeat)) yield * events
    }
  })

  /** What was stored since the last log that was seen, up to where the subscription begins. */
  async function * catchUp (old: Subscription, { seen, before, reader }: { seen: LogPosition, before: UtcTime, reader: ReaderId }, signal: AbortSignal): AsyncGenerator<TailEvent> {
    const inPart = await findBatch(knex, seen)
    let batches = inPart && (old.userId ?? inPart.userId) === inPart.userId ? [inPart] : []
    for (let place: BatchPosition = seen; !signal.aborted;) {
      for (const batch of batches) {
        yield * old.pick(batch, await app.logReaders.inTurn(reader, signal, ({ knex, signal }) => logsOfBatch(knex, batch, signal)))
        place = batch
      }
      batches = await listBatches(knex, old.userId, place, before, pageSize)
      if (batches.length === 0) return
    }
  }

  async function list (after: BatchPosition, before: UtcTime, known?: ReadonlySet<string>): Promise<StoredBatch[]> {
    const all: StoredBatch[] = []
    for (let place = after, page; (page = await listBatches(knex, undefined, place, before, 1000)).length > 0; place = page.at(-1)!) {
      all.push(...known === undefined ? page : page.filter((batch) => !known.has(nameOfBatch(batch))))
    }
    if (all.some(({ userId }) => !names.has(userId))) await learnNames()
    return all
  }

  async function learnNames (): Promise<void> {
    for (const { id, name } of await usersOf(knex).list()) names.set(id, name)
  }

  app.addHook('preClose', async () => {
    feed.close()
    closing.abort(new Error('the server closes'))
  })
}, { name: 'loggerbot-tail', fastify: '5.x', dependencies: ['loggerbot-writer', 'loggerbot-search'] })
