import fp from 'fastify-plugin'
import type { FastifyReply } from 'fastify'
import { codeOf, DatabaseAway, TooSlow } from '../src/errors.ts'
import { Matching } from '../src/search/matching.ts'
import { Places, type Leave, type Reader } from '../src/search/reader-slots.ts'
import { isAway, openReader, probe } from '../src/store/connect.ts'
import { unlessAborted, within } from '../src/timeout.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Runs work that reads many logs for an answer, a few at a time and in turns between users: others wait. Rejects with 429
     * past a user's share, with 503 past everybody's. The signal is given once the request's connection closes: what the work
     * does in the database must end with it. The work calls `giveWay` between two statements: others may go first.
     */
    // Spelled out, because the type declarations would lose the import.
    readLogs: <T>(reply: import('fastify').FastifyReply, work: (knex: import('knex').Knex, signal: AbortSignal, giveWay: () => Promise<void>) => Promise<T>, options?: ReadOptions) => Promise<T>
    /** The same for a piece of an answer that has a place of its own: an export, a tail. */
    readInTurn: <T>(reader: import('../src/search/reader-slots.ts').Reader, signal: AbortSignal, work: (knex: import('knex').Knex, signal: AbortSignal, giveWay: () => Promise<void>) => Promise<T>) => Promise<T>
    /** Takes one of the few places for exports, or of the many for tails, until the request's connection closes; rejects as `readLogs` does. */
    takePlace: (kind: 'export' | 'tail', reply: import('fastify').FastifyReply) => Promise<void>
    /** What a look-up that an answer waits for resolves to; rejects as reads do where the database fails, or takes too long. */
    lookUp: <T>(lookup: Promise<T>) => Promise<T>
    /** What to answer where a read fails so: DatabaseAway where that is the reason, which is logged once an outage. */
    readFailure: (error: unknown) => unknown
    /** Tests logs where the database can't: those of searches, and those of tails, in few threads of their own. */
    matching: { searches: Matching, tails: Matching }
    /** The milliseconds that a search may take. */
    searchBudget: number
    /** The milliseconds after which a client is cut off that takes nothing of its answer. */
    readStallMs: number
  }
}

export interface ReadOptions {
  /** The work takes long, a step at a time: it gives way to everybody. Default false: to users who read nothing yet. */
  isLong?: boolean
  /** Milliseconds after which the work counts as hanging. Default: twice the search budget, and 5 seconds. */
  maxMs?: number
}

export interface SearchOptions {
  /** Milliseconds that a search may take: past that it answers with what it found so far. Default 5000. */
  searchBudget?: number
  /** Milliseconds after which a client is cut off that takes nothing of its answer, export or tail. Default 60,000. */
  readStallMs?: number
  /** Milliseconds that a look-up may take. Default 5000. */
  patience?: number
}

/** Statements that read at once: writing must keep its share of the database. Their number waiting is bounded by the places below. */
const statements = { places: 3, placesPerUser: 2, waiting: Infinity, waitingPerUser: Infinity }
/** Answers that are made or not taken yet: each may hold 8 MB. */
const answers = { places: 8, placesPerUser: 3, waiting: 300, waitingPerUser: 30 }
/** Exports and tails that are open: each may hold the largest message, or its queue. */
const exports = { places: 8, placesPerUser: 2 }
const tails = { places: 200, placesPerUser: 20 }
/** Threads that test the logs of tails. Searches have as many as they have places. */
const tailThreads = 2
/** A database that does not answer this soon is not merely slow. */
const probeMs = 1000
const silent = 'LOGGER_DATABASE_SILENT'

/** Reading, kept from getting in the way of writing, and users of each other. */
export default fp<SearchOptions>(async (app, { searchBudget = 5000, readStallMs = 60_000, patience = 5000 }) => {
  const reader = openReader(app.logDb)
  const matching = { searches: new Matching(statements.places), tails: new Matching(tailThreads) }
  app.decorate('matching', matching)
  app.addHook('onClose', async () => {
    await reader.close()
    await Promise.all(Object.values(matching).map((threads) => threads.close()))
  })

  const turns = new Places(statements)
  const answerPlaces = new Places(answers)
  const openPlaces = { export: new Places(exports), tail: new Places(tails) }
  let isOutage = false

  app.decorate('searchBudget', searchBudget)
  app.decorate('readStallMs', readStallMs)

  app.decorate('readLogs', async (reply: FastifyReply, work, options) => {
    const user = reply.request.logCaller.id
    const closed = signalOf(reply)
    const leave = await answerPlaces.take(user, closed)
    reply.raw.once('close', leave)
    return inTurn(user, closed, work, options)
  })

  app.decorate('readInTurn', (user: Reader, signal: AbortSignal, work) => inTurn(user, signal, work))

  app.decorate('takePlace', async (kind, reply: FastifyReply) => {
    const leave = await openPlaces[kind].take(reply.request.logCaller.id, signalOf(reply))
    reply.raw.once('close', leave)
  })

  app.decorate('readFailure', (error: unknown) => error instanceof DatabaseAway || !isAway(app.logDb, error) ? error : outage(codeOf(error)))

  app.decorate('lookUp', async (lookup) => {
    const hangs = new Error('the look-up hangs')
    try {
      return await within(patience, lookup, hangs)
    } catch (error) {
      throw error === hangs ? outage(silent) : app.readFailure(error)
    }
  })

  function outage (code: string | undefined): DatabaseAway {
    if (!isOutage) app.log.error({ code }, 'the database is unavailable: whoever reads is told to come back')
    isOutage = true
    return new DatabaseAway()
  }

  async function inTurn <T> (
    user: Reader,
    closed: AbortSignal,
    work: (knex: typeof reader.knex, signal: AbortSignal, giveWay: () => Promise<void>) => Promise<T>,
    { isLong = false, maxMs = 2 * searchBudget + 5000 }: ReadOptions = {}
  ): Promise<T> {
    let leave: Leave = await turns.take(user, closed)
    const hangs = AbortSignal.timeout(maxMs)
    const signal = AbortSignal.any([closed, hangs])
    const giveWay = async () => {
      leave = await turns.giveWay(user, leave, isLong, signal)
      // Whoever waits for the result may have gone meanwhile.
      if (signal.aborted) leave()
    }
    try {
      const result = await unlessAborted(signal, work(reader.knex, signal, giveWay))
      isOutage = false
      return result
    } catch (error) {
      if (error === hangs.reason) throw outage(silent)
      if (error instanceof TooSlow) await probe(reader.knex, probeMs).catch(() => { throw outage(silent) })
      throw app.readFailure(error)
    } finally {
      leave()
    }
  }
}, { name: 'loggerbot-search', fastify: '5.x', dependencies: ['loggerbot-db'] })

/** Given once the request's connection closes. */
function signalOf ({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController()
  const close = () => closed.abort(new Error('the request was closed'))
  if (raw.destroyed) close()
  else raw.once('close', close)
  return closed.signal
}
