import fp from 'fastify-plugin'
import type { FastifyReply } from 'fastify'
import { Overloaded } from '../src/errors.ts'
import { openReader } from '../src/store/connect.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Runs work that reads many logs, a few at a time: others wait, and 503 past so many. The signal
     * is given once the request's connection closes: what the work does in the database must end with it.
     */
    // Spelled out, because the type declarations would lose the import.
    readLogs: <T>(reply: import('fastify').FastifyReply, work: (knex: import('knex').Knex, signal: AbortSignal) => Promise<T>) => Promise<T>
    /** The milliseconds that a search may take. */
    searchBudget: number
  }
}

export interface SearchOptions {
  /** Milliseconds that a search may take: past that it answers with what it found so far. Default 5000. */
  searchBudget?: number
}

/** So many read at once, that writing keeps its share of the database; so many more may wait. */
const atOnce = 3
const mostWaiting = 100

/** Reading, kept from getting in the way of writing. */
export default fp<SearchOptions>(async (app, { searchBudget = 5000 }) => {
  const reader = openReader(app.logDb)
  app.addHook('onClose', () => reader.close())

  let running = 0
  const waiting: Array<() => void> = []

  app.decorate('searchBudget', searchBudget)
  app.decorate('readLogs', async (reply: FastifyReply, work) => {
    if (waiting.length >= mostWaiting) throw new Overloaded()
    const closed = new AbortController()
    const close = () => closed.abort(new Error('the request was closed'))
    reply.raw.once('close', close)
    try {
      if (running === atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
      else running++
      try {
        closed.signal.throwIfAborted()
        return await work(reader.knex, closed.signal)
      } finally {
        const next = waiting.shift()
        if (next) next()
        else running--
      }
    } finally {
      reply.raw.off('close', close)
    }
  })
}, { name: 'loggerbot-search', fastify: '5.x', dependencies: ['loggerbot-db'] })
