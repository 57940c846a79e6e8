import fp from 'fastify-plugin'
import { codeOf, describeFailure } from '../src/errors.ts'
import { HourCounter } from '../src/hour-counts/counter.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The counts of logs by hour, of which histograms are made. */
    hourCounts: {
      /** Counts all hours without a count; rejects where another instance counts. Not part of the public API. */
      runNow (): Promise<void>
    }
  }
}

export interface HourCountsOptions {
  /** How long a transaction may take, in milliseconds. Default 5000. */
  patience?: number
}

const failed = 'logs could not be counted by the hour; it tries again'
const userFailed = 'logs of a user could not be counted by the hour; it tries again'

/** Keeps the hour counts, on one instance at a time. */
export default fp<HourCountsOptions>(async (app, { patience = 5000 }) => {
  const counter = new HourCounter({
    ...app.logCluster,
    knex: app.logDb,
    transactionMs: patience,
    onFailure: (error) => app.log.warn({ code: codeOf(error) }, failed),
    onRecovery: () => app.log.warn('logs are counted by the hour again'),
    onUserFailure: (userId, error) => app.log.warn({ userId, failure: describeFailure(error) }, userFailed)
  })
  app.decorate('hourCounts', { runNow: () => counter.runNow() })
  app.addHook('onReady', async () => counter.start())
  app.addHook('preClose', async () => counter.stop())
  app.addHook('onClose', () => counter.close())
}, { name: 'loggerbot-hour-counts', fastify: '5.x', dependencies: ['loggerbot-cluster'] })
