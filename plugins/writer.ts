import type { EventEmitter } from 'node:events'
import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import cluster from './cluster.ts'
import { networkOf } from '../src/authenticate/network.ts'
import type { LogBatch, Receipt } from '../src/model/batch.ts'
import type { Caller } from '../src/model/caller.ts'
import { Housekeeping } from '../src/retention/housekeeping.ts'
import type { DatabaseOptions } from '../src/store/dialects/dialect.ts'
import type { HostTransaction } from '../src/store/host-transaction.ts'
import { writerStoreOf } from '../src/store/writer-store.ts'
import type { BodyMemory } from '../src/write/body-memory.ts'
import { Gate } from '../src/write/gate.ts'
import { LogWriter as Writer, type WriterEvents } from '../src/write/log-writer.ts'

export type { WriterEvents } from '../src/write/log-writer.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is read in pieces, whatever its length. */
    logStream?: true
  }
  interface FastifyRequest {
    /** Memory of the body, on routes with the hook `reserveMemory`. */
    logMemory?: BodyMemory
  }
  interface FastifyInstance {
    /**
     * Resolves once every record of the batch is durable; rejects when none is.
     *
     * With a transaction of your own, it resolves once the records are in it: they are durable if and only if it
     * commits. It then rejects with the database's error.
     */
    writeLogs: (batch: LogBatch, options?: WriteOptions) => Promise<Receipt>
    /** Bounds the memory of the request's body, charged to the caller's user, or else to the address. */
    reserveMemory: onRequestHookHandler
    /** The memory of a request; its route has the hook `reserveMemory`. */
    // Spelled out, because the type declarations would lose the import.
    memoryOf: (request: import('fastify').FastifyRequest) => BodyMemory
    /** State and events of the writer. */
    logWriter: LogWriter
  }
}

export interface WriteOptions {
  /**
   * A knex transaction on the database of the logs: they are stored inside it, without spool and `userRate`.
   *
   * The tail waits for the transaction to end, so that it misses no log.
   */
  knex?: HostTransaction
}

/** Writer state, for metrics and health checks. */
export interface LogWriter {
  readonly events: EventEmitter<WriterEvents>
  /** Logs that wait for a transaction, and the memory of requests; `away`: the database is unavailable. */
  readonly state: { records: number, bytes: number, requestBytes: number, requestsWaiting: number, away: boolean }
  /** Milliseconds since 1970 by the clock of stored batches: the database's, and never behind what is stored. */
  readonly now: number
  /** A sentence for each problem: logs on disk that no table takes, and files of the spool that can't be read. */
  readonly warnings: readonly string[]
  /** Number of files with logs that no table takes. */
  readonly keptFiles: number
}

export interface WriterOptions {
  /** How the database was opened, unless it is your own knex: MariaDB then gets its rows by the bulk protocol. */
  database?: DatabaseOptions
  /** Milliseconds that logs wait for the database; then they are spooled, or refused. Default 5000. */
  patience?: number
  /** Bytes of all request bodies under way; further requests wait. Default 32 MiB. */
  queueLimit?: number
  /** Logs per second of each user. Default: any number. */
  userRate?: number
}

/** The only way in: every protocol hands its records to app.writeLogs. */
export default fp<WriterOptions>(async (app, options) => {
  await app.register(cluster)
  const { database, patience: timeoutMs = 5000, queueLimit = 32 * 1024 * 1024, userRate: logsPerSecond = 0 } = options
  const { logDb, logCluster: { clock }, logSpool: spool, log } = app
  const housekeeping = new Housekeeping(logDb, log, (letters) => writer.events.emit('trimmed', letters))
  const store = writerStoreOf(logDb, database)
  const writer = new Writer<HostTransaction>({ store, spool, clock, housekeeping, log, timeoutMs, logsPerSecond })
  const gate = new Gate(queueLimit, timeoutMs)

  app.decorateRequest('logMemory')
  app.decorate('writeLogs', (batch, { knex } = {}) => writer.write(batch, knex))
  app.decorate('reserveMemory', (request, reply, done) => {
    const memory = gate.open(payerOf(request))
    request.logMemory = memory
    // The client may have disconnected during authentication; its `close` event has already fired.
    if (request.socket.destroyed) memory.release()
    else reply.raw.once('close', () => memory.release())
    done()
  })
  app.decorate('memoryOf', (request) => {
    if (!request.logMemory) throw new Error('the route lacks the hook reserveMemory')
    return request.logMemory
  })
  app.decorate('logWriter', {
    events: writer.events,
    get warnings () { return writer.warnings },
    get keptFiles () { return writer.keptFiles },
    get now () { return clock.milliseconds },
    get state () {
      return { ...writer.state, requestBytes: gate.state.bytes, requestsWaiting: gate.state.waiting }
    }
  })

  await writer.start()
  housekeeping.start()
  app.addHook('onClose', async () => {
    await writer.close()
    await housekeeping.close()
  })
}, { name: 'loggerbot-writer', fastify: '5.x', dependencies: ['loggerbot-db'] })

/** The user or address that a request's memory is charged to. */
function payerOf ({ logCaller, ip }: Omit<FastifyRequest, 'logCaller'> & { logCaller?: Caller }): string {
  return logCaller ? `user ${logCaller.id}` : `address ${networkOf(ip)}`
}
