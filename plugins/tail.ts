import fp from 'fastify-plugin'
import type { FastifyInstance } from 'fastify'
import { codeOf } from '../src/errors.ts'
import type { BatchPosition } from '../src/model/batch.ts'
import * as batches from '../src/store/batches.ts'
import { usersOf } from '../src/store/users.ts'
import type { TailEvent } from '../src/tail/subscription.ts'
import { Tail, type TailOptions, type TailSource } from '../src/tail/tail.ts'

export type { TailOptions } from '../src/tail/tail.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Follows the logs as they are stored, until the signal is aborted, which it must be in the end. */
    tailLogs: (options: TailOptions, signal: AbortSignal) => Promise<AsyncGenerator<TailEvent, void, void>>
  }
}

/** Delivers logs as they are stored, on any instance. */
export default fp(async (app) => {
  const tail = new Tail(sourceOf(app), (error) => {
    app.log.warn({ code: codeOf(error) }, 'the tail could not read the database; it tries again')
  })
  app.logWriter.events.on('committed', (batches, _seconds, createdAt, lacking) => {
    tail.addCommitted(batches, createdAt, lacking === 0)
  })
  app.decorate('tailLogs', (options, signal) => tail.follow(options, signal))
  app.addHook('preClose', async () => tail.close())
}, { name: 'loggerbot-tail', fastify: '5.x', dependencies: ['loggerbot-writer', 'loggerbot-search'] })

function sourceOf ({ logDb: knex, logCluster, logReaders }: FastifyInstance): TailSource {
  async function read (db: typeof knex, batch: BatchPosition, signal: AbortSignal) {
    const stored = isStored(batch) ? batch : await batches.findBatch(db, batch)
    return stored ? batches.logsOfBatch(db, stored, signal) : []
  }
  return {
    horizon: () => logCluster.horizons.now(),
    list: (range) => batches.listBatches(knex, range),
    count: (after, before) => batches.countBatches(knex, after, before),
    since: (before, count) => batches.sinceBatches(knex, before, count),
    find: (position) => batches.findBatch(knex, position),
    read: (batch, signal) => read(knex, batch, signal),
    readInTurn: (reader, batch, signal) => logReaders.inTurn('list', reader, signal, (db) => (
      read(db.knex, batch, db.signal)
    )),
    userNames: async () => (await usersOf(knex).list()).map(({ id, name }) => [id, name] as const)
  }
}

/** Whether a batch was read from the database, with all its columns. */
function isStored (batch: BatchPosition): batch is batches.StoredBatch {
  return 'firstId' in batch
}
