import fp from 'fastify-plugin'
import { codeOf } from '../src/errors.ts'
import { utcTime, type LogBatch } from '../src/record.ts'
import { insertBatch, isWorthRetrying, purgeBatchKeys } from '../src/store/logs.ts'
import { committer } from '../src/write/commit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Resolves once every record of the batch is durable; rejects when none is. */
    writeLogs: (batch: LogBatch) => Promise<void>
  }
}

const hour = 60 * 60 * 1000
/** A key makes a second try of its batch safe, and nobody tries again after a week. */
const keptFor = 7 * 24 * hour

/** The only way in: every protocol hands its records to app.writeLogs. */
export default fp(async (app) => {
  app.decorate('writeLogs', committer({
    insert: (batch) => insertBatch(app.logDb, batch),
    isTransient: (error) => isWorthRetrying(app.logDb, error)
  }))

  const timer = setInterval(purge, hour).unref()
  app.addHook('onClose', () => clearInterval(timer))

  async function purge (): Promise<void> {
    try {
      await purgeBatchKeys(app.logDb, utcTime(Date.now() - keptFor))
    } catch (error) {
      app.log.warn({ code: codeOf(error) }, 'old batch keys could not be deleted; the next try is in an hour')
    }
  }
}, { name: 'loggerbot-writer', fastify: '5.x', dependencies: ['loggerbot-db'] })
