import { EventEmitter } from 'node:events'
import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { networkOf } from '../src/authenticate/network.ts'
import { Background } from '../src/cluster/background.ts'
import { codeOf, describeFailure } from '../src/errors.ts'
import type { LogBatch, Receipt } from '../src/model/batch.ts'
import { utcTime, type UtcTime } from '../src/model/instant.ts'
import { clockDoubt, databaseNow } from '../src/store/clock-doubt.ts'
import { databaseIdOf } from '../src/store/database-id.ts'
import { DeadLetterCap, deadLettersOf } from '../src/store/dead-letters.ts'
import type { DatabaseOptions } from '../src/store/dialects/dialect.ts'
import { insertInside, isStored, requireTransaction, untilEnded, type HostTransaction } from '../src/store/host-transaction.ts'
import { keptFolderOf, logStoreOf, purgeBatchKeys } from '../src/store/log-store.ts'
import { within } from '../src/timeout.ts'
import { forgetLogs } from '../src/store/recent-logs.ts'
import { tokensOf } from '../src/store/tokens.ts'
import { committer } from '../src/write/commit.ts'
import { Drain } from '../src/write/drain.ts'
import { Gate, type Room } from '../src/write/gate.ts'
import { HostWriter } from '../src/write/host-writer.ts'
import { RecordIds } from '../src/write/ids.ts'
import { keepBatch, KeptFull, listKept } from '../src/write/kept.ts'
import { Quota } from '../src/write/quota.ts'
import type { Damage } from '../src/write/segment.ts'
import type { Spool } from '../src/write/spool.ts'
import { Writer } from '../src/write/writer.ts'
import type { SizedBatch } from '../src/write/batch.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is read a piece at a time, whatever its length. */
    logStream?: true
  }
  interface FastifyInstance {
    /**
     * Resolves once every record of the batch is durable; rejects when none is. With a transaction of your own: resolves once
     * they are in it, and durable they are if and only if it commits. Rejects then with what the database says.
     */
    writeLogs: (batch: LogBatch, options?: WriteOptions) => Promise<Receipt>
    /** Bounds the memory that the request's body takes, by the caller's user or else by address. */
    awaitRoom: onRequestHookHandler
    /** The memory of a request that came through awaitRoom: reads its body, takes more, gives back. */
    // Spelled out, because the type declarations would lose the import.
    roomOf: (request: import('fastify').FastifyRequest) => Room
    /** What goes on behind writeLogs. */
    logWriter: LogWriter
  }
}

export interface WriteOptions {
  /**
   * A transaction of knex's on the database of the logs: they are stored inside of it, without spool and `userRate`. Until it is over the
   * tail waits for it, so that it misses none.
   */
  knex?: HostTransaction
}

/** What there is to be seen of the writing. */
export interface LogWriter {
  readonly events: EventEmitter<WriterEvents>
  /** What waits for a transaction, and what requests take. */
  readonly state: { records: number, bytes: number, requestBytes: number, requestsWaiting: number, away: boolean }
  /** Milliseconds since 1970 by the clock of what is stored: the database's, and never behind what that holds. */
  readonly now: number
  /** Logs on the disk that neither the logs nor the dead letters take, and files of the spool that can't be read: a sentence each. */
  readonly warnings: readonly string[]
  /** How many files hold such logs. */
  readonly keptFiles: number
}

export interface WriterEvents {
  /** A transaction that began at `createdAt` took place, within so many seconds; so many records of it became dead letters or files. */
  committed: [batches: readonly SizedBatch[], seconds: number, createdAt: UtcTime, lacking: number]
  retried: []
  spooled: [batches: readonly SizedBatch[]]
  drained: [batches: readonly SizedBatch[]]
  /** So many records became dead letters. */
  buried: [records: number]
  /** Dead letters were deleted, because their user had too many. */
  trimmed: [letters: number]
  replayed: []
  /** So many logs were left out, because they were sent before with a token that has each stored once. */
  repeated: [logs: number]
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
/** After so many logs of tokens that have each stored once, what is remembered of them is bounded at once. */
const logsPerForgetting = 100_000
/** A key makes a second try of its batch safe, and nobody tries again after a week. */
const keptFor = 7 * 24 * hour

/** How often kept files are counted, in milliseconds: a command may have stored or deleted some. */
const recountMs = 5000

/** How long the database may take to say whether it stores anything, in milliseconds. */
const probeMs = 2000

/** The only way in: every protocol hands its records to app.writeLogs. */
export default fp<WriterOptions>(async (app, { database, patience = 5000, queueLimit = 32 * 1024 * 1024, userRate = 0 }) => {
  const events = new EventEmitter<WriterEvents>()
  const complaints = new Set<string>()
  let databaseId: string | undefined
  const { clock } = app.logCluster
  const ids = new RecordIds(() => clock.milliseconds)
  const gate = new Gate(queueLimit, patience)
  const quota = userRate > 0 ? new Quota(userRate) : undefined
  const deadLetters = deadLettersOf(app.logDb)
  const cap = new DeadLetterCap(app.logDb, (error) => app.log.warn({ code: codeOf(error) }, 'dead letters past the limit could not be deleted; the next try is in an hour'),
    (letters) => events.emit('trimmed', letters))
  const store = logStoreOf(app.logDb, database)
  const forgetting = new Background(() => forgetLogs(app.logDb), hour,
    (error) => app.log.warn({ code: codeOf(error) }, 'what is remembered of logs that are stored once could not be deleted; the next try is in an hour'))
  let remembered = 0
  const committed = (batches: readonly SizedBatch[], seconds: number, createdAt: UtcTime, lacking = 0) => {
    events.emit('committed', batches, seconds, createdAt, lacking)
    countOnce(batches)
    for (const { userId, rejected = [], bytes } of batches) if (rejected.length > 0) cap.add(userId, rejected.length, bytes)
  }
  const commit = committer(store, ids, clock, patience, {
    committed,
    retried: () => events.emit('retried'),
    buried (records, { userId, bytes }) {
      events.emit('buried', records)
      cap.add(userId, records, bytes)
      app.log.warn(`${records} logs were refused by the database; see: loggerbot dead-letters`)
    },
    keep
  })

  const spool = () => app.logSpool.spool
  const probe = () => within(probeMs, store.probe(0, AbortSignal.timeout(probeMs)))
  const writer = new Writer({
    commit,
    ids,
    spool,
    patience,
    probe,
    onAway: (error) => app.log.error({ failure: describeFailure(error) }, 'the database can\'t store logs: they go to the spool'),
    onBack: () => app.log.warn('the database stores logs again'),
    onSpooled: (batches) => events.emit('spooled', batches)
  })
  const drain = app.hasPlugin('loggerbot-spool')
    ? new Drain({ spool: identifiedSpool, commit, bury, writer, patience, probe, onDrained: (batches) => events.emit('drained', batches), onFault: complain })
    : undefined
  if (drain) await identifiedSpool().catch(() => {})

  const keptFolder = () => app.logSpool.spool?.folder ?? keptFolderOf(app.logDb)
  let keptFiles = 0
  let keptFull: string | undefined
  await countKept()

  const hostWriter = new HostWriter<HostTransaction>({
    insert: insertInside,
    ended: untilEnded,
    isStored: (batch) => isStored(app.logDb, batch),
    classify: (error) => store.classify(error)
  }, ids, clock, committed)

  app.decorate('writeLogs', async (batch: LogBatch, { knex }: WriteOptions = {}) => {
    if (knex) requireTransaction(knex)
    else if (quota) await quota.take(batch.userId, batch.records.length)
    const receipt = await (knex ? hostWriter.write(batch, knex) : writer.write(batch))
    if (receipt.replayed) events.emit('replayed')
    return receipt
  })

  const rooms = new WeakMap<FastifyRequest, Room>()

  app.decorate('awaitRoom', (request, reply, done) => {
    const room = gate.open(request.logCaller ? `user ${request.logCaller.id}` : `address ${networkOf(request.ip)}`)
    rooms.set(request, room)
    // The client may have disconnected during authentication; its `close` event has already fired.
    if (request.socket.destroyed) room.leave()
    else reply.raw.once('close', () => room.leave())
    done()
  })

  app.decorate('roomOf', (request) => rooms.get(request)!)

  app.decorate('logWriter', {
    events,
    get warnings () {
      return [
        ...keptFiles === 0 ? [] : [`${keptFolder()}: ${keptFiles} files (*.kept) hold logs that the database takes neither as logs nor as dead letters; see: loggerbot spool kept`],
        ...keptFull === undefined ? [] : [keptFull],
        ...app.logSpool.spool?.problems ?? []
      ]
    },
    get keptFiles () { return keptFiles },
    get now () { return clock.milliseconds },
    get state () {
      const { bytes: requestBytes, waiting: requestsWaiting } = gate.state
      return { ...writer.waiting, requestBytes, requestsWaiting, away: writer.away }
    }
  })

  forgetting.start()
  const timers = [setInterval(purge, hour), setInterval(countKept, recountMs)].map((timer) => timer.unref())
  app.addHook('onClose', async () => {
    for (const timer of timers) clearInterval(timer)
    hostWriter.close()
    await writer.close()
    await drain?.close()
    await within(probeMs, cap.end()).catch(() => {})
    await within(probeMs, forgetting.end()).catch(() => {})
    await store.close()
  })

  async function purge (): Promise<void> {
    await cap.trimAll()
    try {
      const doubt = await clockDoubt(app.logDb)
      if (doubt !== undefined) return app.log.warn(`old batch keys and tokens are kept, as the clock may be wrong: ${doubt}`)
      await purgeBatchKeys(app.logDb, utcTime(await databaseNow(app.logDb) - keptFor))
      await tokensOf(app.logDb).purge()
    } catch (error) {
      app.log.warn({ code: codeOf(error) }, 'old batch keys and tokens could not be deleted; the next try is in an hour')
    }
  }

  function countOnce (batches: readonly SizedBatch[]): void {
    let left = 0
    for (const { once, records, repeated = 0 } of batches) {
      if (!once) continue
      remembered += records.length - repeated
      left += repeated
    }
    if (left > 0) events.emit('repeated', left)
    if (remembered < logsPerForgetting) return
    remembered = 0
    forgetting.runNow().catch(() => {})
  }

  /** The spool, once the database has said that its logs belong there. */
  async function identifiedSpool (): Promise<Spool | undefined> {
    databaseId ??= await within(probeMs, databaseIdOf(app.logDb))
    await app.logSpool.identify?.(databaseId)
    return app.logSpool.spool
  }

  async function keep (batch: SizedBatch): Promise<void> {
    const folder = keptFolder()
    if (folder === undefined) throw new Error('there is no folder for what the database does not take')
    try {
      await keepBatch(folder, batch)
      keptFull = undefined
    } catch (error) {
      if (error instanceof KeptFull && keptFull === undefined) app.log.error(keptFull = error.message)
      throw error
    }
    await countKept()
    app.log.error({ folder }, 'the database takes a log neither as a log nor as a dead letter: it is kept as a file')
  }

  async function countKept (): Promise<void> {
    const folder = keptFolder()
    if (folder === undefined) return
    const files = (await listKept(folder)).length
    if (files < keptFiles) keptFull = undefined
    keptFiles = files
  }

  /** Once of each kind: the drain tries again twice a second. */
  function complain (error: unknown): void {
    const { name, code } = describeFailure(error)
    if (!complaints.has(`${name} ${code}`)) app.log.error({ failure: describeFailure(error) }, 'the spool has a file that can\'t be read, written or removed; the others go on')
    complaints.add(`${name} ${code}`)
  }

  async function bury ({ bytes, reason }: Damage): Promise<void> {
    await deadLetters.insert({ id: ids.take(1).toString(), userId: null, source: 'spool', record: bytes.toString('base64'), reason })
    events.emit('buried', 1)
    app.log.error(`${bytes.length} bytes of the spool can't be read (${reason}); see: loggerbot dead-letters`)
  }
}, { name: 'loggerbot-writer', fastify: '5.x', dependencies: ['loggerbot-cluster'] })
