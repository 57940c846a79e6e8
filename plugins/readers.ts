import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyReply } from 'fastify'
import cluster from './cluster.ts'
import type { ReadTurn } from '../src/search/policy.ts'
import { ReadHost } from '../src/search/read-host.ts'
import { Readers, type ReaderClass, type SlotKind } from '../src/search/readers.ts'

/** Where logs may be read. */
interface ReadPlace {
  /** Whether they may be read from the replica. */
  isElsewhere: boolean
  /** How far the replica is behind, in milliseconds, if the logs are those of an earlier time therefore. */
  lagMs: number | undefined
}

/**
 * Runs work that reads many logs for one answer, in turn; ends it once the request's connection closes.
 * Without a place, it reads where logs are stored.
 */
type ReadInTurn = <T>(reply: FastifyReply, work: (turn: ReadTurn) => Promise<T>, place?: ReadPlace) => Promise<T>
/** Acquires a slot until the request's connection closes; resolves to a signal that is aborted then. */
type HoldSlot = (kind: SlotKind, reply: FastifyReply) => Promise<AbortSignal>

declare module 'fastify' {
  interface FastifyInstance {
    logReaders: Readers
    /** For lists, single logs and contexts. */
    readLogs: ReadInTurn
    /** For counts of all kinds: lists never wait for them. */
    readCounts: ReadInTurn
    holdReaderSlot: HoldSlot
    /** Milliseconds after which a client that receives nothing of its answer is disconnected. */
    readStallMs: number
  }
}

export interface SearchOptions {
  /** Milliseconds after which a search answers with what it has found so far. Default 5000. */
  searchBudget?: number
  /** Milliseconds after which a client that receives nothing of its answer is disconnected. Default 60,000. */
  readStallMs?: number
  /** Milliseconds that a look-up in the database may take. Default 5000. */
  patience?: number
}

/** Reading: in turns between users, and without getting in the way of writing. */
export default fp<SearchOptions>(async (app, { searchBudget = 5000, readStallMs = 60_000, patience = 5000 }) => {
  if (app.logReplica) await app.register(cluster)
  const readers = new Readers(app.logDb, {
    searchBudgetMs: searchBudget,
    timeoutMs: patience,
    readHost: openReadHost(app),
    onOutage: (code) => app.log.error({ code }, 'the database is unavailable: reading is refused for now')
  })
  const holdSlot: HoldSlot = async (kind, reply) => {
    const closed = signalOf(reply)
    reply.raw.once('close', await readers.acquire(kind, reply.request.logCaller.id, closed))
    return closed
  }
  app.decorate('logReaders', readers)
  app.decorate('readStallMs', readStallMs)
  app.decorate('holdReaderSlot', holdSlot)
  const readAs = (kind: ReaderClass): ReadInTurn => async (reply, work, place) => {
    const closed = await holdSlot(kind, reply)
    if (place?.lagMs !== undefined) reply.header('x-log-lag', place.lagMs / 1000)
    const inTurn = place?.isElsewhere ? 'inTurnElsewhere' : 'inTurn'
    return await readers[inTurn](kind, reply.request.logCaller.id, closed, work)
  }
  app.decorate('readLogs', readAs('list'))
  app.decorate('readCounts', readAs('count'))
  app.addHook('onClose', () => readers.close())
}, { name: 'loggerbot-search', fastify: '5.x', dependencies: ['loggerbot-db'] })

function openReadHost ({ logReplica, logCluster, log }: FastifyInstance): ReadHost | undefined {
  if (!logReplica || !logCluster.announcements) return undefined
  const { instance, horizons, announcements } = logCluster
  return new ReadHost({ ...logReplica, instanceId: instance.id, horizons, announcements, log })
}

function signalOf ({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController()
  const close = () => closed.abort(new Error('the request was closed'))
  if (raw.destroyed) close()
  else raw.once('close', close)
  return closed.signal
}
