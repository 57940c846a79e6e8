import { EventEmitter } from 'node:events'
import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import { codeOf, describeFailure } from '../src/errors.ts'
import { utcTime, type LogBatch, type Receipt, type UtcTime } from '../src/record.ts'
import { probe } from '../src/store/connect.ts'
import { deadLettersOf } from '../src/store/dead-letters.ts'
import type { DatabaseOptions } from '../src/store/dialects/dialect.ts'
import { logStoreOf, purgeBatchKeys } from '../src/store/logs.ts'
import type { KeyedBatch } from '../src/write/batch.ts'
import { CommitClock } from '../src/write/clock.ts'
import { committer } from '../src/write/commit.ts'
import { Drain } from '../src/write/drain.ts'
import { Gate } from '../src/write/gate.ts'
import { RecordIds } from '../src/write/ids.ts'
import { Quota } from '../src/write/quota.ts'
import type { Damage } from '../src/write/segment.ts'
import { Writer } from '../src/write/writer.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Resolves once every record of the batch is durable; rejects when none is. */
    writeLogs: (batch: LogBatch) => Promise<Receipt>
    /** Lets a request in once there is memory for its body, before that is read; throws Overloaded after some seconds. */
    awaitRoom: onRequestHookHandler
    /** What goes on behind writeLogs. */
    logWriter: LogWriter
  }
}

/** What there is to be seen of the writing. */
export interface LogWriter {
  readonly events: EventEmitter<WriterEvents>
  /** From this `createdAt` on new batches may appear. */
  readonly oldest: UtcTime
  /** What waits for a transaction, and what requests take. */
  readonly state: { records: number, bytes: number, requestBytes: number, requestsWaiting: number, away: boolean }
}

export interface WriterEvents {
  /** A transaction that began at `createdAt` took place, within so many seconds. */
  committed: [batches: readonly KeyedBatch[], seconds: number, createdAt: UtcTime]
  retried: []
  spooled: [batches: readonly KeyedBatch[]]
  drained: [batches: readonly KeyedBatch[]]
  /** So many records became dead letters. */
  buried: [records: number]
  replayed: []
}

export interface WriterOptions {
  /** How the database was opened, where it is not your own knex: MariaDB then gets its rows by the bulk protocol. */
  database?: DatabaseOptions
  /** How long logs wait for the database, in milliseconds: then they are spooled, or refused. Default 5000. */
  patience?: number
  /** Bytes of request bodies under way at most; who comes then waits. Default 32 MiB. */
  queueLimit?: number
  /** Logs a second that a user may send. Default: any number. */
  userRate?: number
}

const hour = 60 * 60 * 1000
/** A key makes a second try of its batch safe, and nobody tries again after a week. */
const keptFor = 7 * 24 * hour

/** The only way in: every protocol hands its records to app.writeLogs. */
export default fp<WriterOptions>(async (app, { database, patience = 5000, queueLimit = 32 * 1024 * 1024, userRate = 0 }) => {
  const events = new EventEmitter<WriterEvents>()
  const ids = new RecordIds()
  const clock = new CommitClock()
  const gate = new Gate(queueLimit, patience)
  const quota = userRate > 0 ? new Quota(userRate) : undefined
  const deadLetters = deadLettersOf(app.logDb)
  const store = logStoreOf(app.logDb, database)
  const commit = committer(store, ids, clock, patience, {
    committed: (batches, seconds, createdAt) => events.emit('committed', batches, seconds, createdAt),
    retried: () => events.emit('retried'),
    buried (records) {
      events.emit('buried', records)
      app.log.warn(`${records} logs were refused by the database; see: loggerbot dead-letters`)
    }
  })

  const spool = () => app.logSpool.spool
  const writer = new Writer({
    commit,
    ids,
    spool,
    patience,
    onAway: (error) => app.log.error({ failure: describeFailure(error) }, 'the database can\'t store logs: they go to the spool'),
    onBack: () => app.log.warn('the database stores logs again'),
    onSpooled: (batches) => events.emit('spooled', batches)
  })
  const drain = app.hasPlugin('loggerbot-spool')
    ? new Drain({ spool, commit, bury, writer, probe: () => probe(app.logDb), onDrained: (batches) => events.emit('drained', batches) })
    : undefined

  app.decorate('writeLogs', async (batch: LogBatch) => {
    if (quota) await quota.take(batch.userId, batch.records.length)
    const receipt = await writer.write(batch)
    if (receipt.replayed) events.emit('replayed')
    return receipt
  })

  app.decorate('awaitRoom', (request, reply, done) => {
    // Of a body whose length is not told, the most is assumed.
    const bytes = Number(request.headers['content-length'] ?? request.routeOptions.bodyLimit)
    gate.enter(bytes, (error) => {
      if (error) return done(error)
      // Who went away while they waited closes no more.
      if (request.socket.destroyed) gate.leave(bytes)
      else reply.raw.once('close', () => gate.leave(bytes))
      done()
    })
  })

  app.decorate('logWriter', {
    events,
    get oldest () { return clock.oldest },
    get state () {
      const { bytes: requestBytes, waiting: requestsWaiting } = gate.state
      return { ...writer.waiting, requestBytes, requestsWaiting, away: writer.away }
    }
  })

  const timer = setInterval(purge, hour).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await writer.close()
    await drain?.close()
    await store.close()
  })

  async function purge (): Promise<void> {
    try {
      await purgeBatchKeys(app.logDb, utcTime(Date.now() - keptFor))
    } catch (error) {
      app.log.warn({ code: codeOf(error) }, 'old batch keys could not be deleted; the next try is in an hour')
    }
  }

  async function bury ({ bytes, reason }: Damage): Promise<void> {
    await deadLetters.insert({ id: ids.take(1).toString(), userId: null, source: 'spool', record: bytes.toString('base64'), reason })
    events.emit('buried', 1)
    app.log.error(`${bytes.length} bytes of the spool can't be read (${reason}); see: loggerbot dead-letters`)
  }
}, { name: 'loggerbot-writer', fastify: '5.x', dependencies: ['loggerbot-db'] })
