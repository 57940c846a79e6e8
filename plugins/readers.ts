import fp from 'fastify-plugin'
import type { FastifyReply } from 'fastify'
import type { ReadTurn } from '../src/search/policy.ts'
import { Readers, type ReaderClass, type SlotKind } from '../src/search/readers.ts'

/** Runs work that reads many logs for one answer, in turn; ends it once the request's connection closes. */
type ReadInTurn = <T>(reply: FastifyReply, work: (turn: ReadTurn) => Promise<T>) => Promise<T>
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
  const readers = new Readers(app.logDb, {
    searchBudgetMs: searchBudget,
    timeoutMs: patience,
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
  const readAs = (kind: ReaderClass): ReadInTurn => async (reply, work) => (
    await readers.inTurn(kind, reply.request.logCaller.id, await holdSlot(kind, reply), work)
  )
  app.decorate('readLogs', readAs('list'))
  app.decorate('readCounts', readAs('count'))
  app.addHook('onClose', () => readers.close())
}, { name: 'loggerbot-search', fastify: '5.x', dependencies: ['loggerbot-db'] })

function signalOf ({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController()
  const close = () => closed.abort(new Error('the request was closed'))
  if (raw.destroyed) close()
  else raw.once('close', close)
  return closed.signal
}
