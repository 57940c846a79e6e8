import fp from 'fastify-plugin'
import cluster from './cluster.ts'
import { codeOf } from '../src/errors.ts'
import { RetentionWorker } from '../src/retention/worker.ts'
import { ClockInDoubt } from '../src/store/clock-doubt.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Deletes expired logs. Not part of the public API. */
    logRetention: {
      /** The options of this plugin. */
      readonly days: number
      readonly rows: number
      /** Why the last run failed, in a few words; undefined where it did not. */
      readonly failure: string | undefined
      /** Deletes now what has expired; rejects while another instance deletes. */
      runNow (): Promise<void>
    }
  }
}

export interface RetentionOptions {
  /** Days for which logs are kept, unless their user has a number of their own. Default 0: for ever. */
  days?: number
  /** Maximum number of logs of all users: above it the oldest are deleted. Default 0: no limit. */
  rows?: number
}

const failed = 'expired logs could not be deleted; the next attempt is in an hour'
const partitionsFailed = 'cannot maintain partitions of user_logs; falling back to row-by-row deletion'

/** Deletes expired logs at start and hourly, on one instance at a time. */
export default fp<RetentionOptions>(async (app, { days = 0, rows = 0 }) => {
  await app.register(cluster)
  const warned = new Set<string | undefined>()
  const retention = new RetentionWorker(app.logDb, app.logCluster.instance, { days, rows }, {
    onDeleted: (logs) => app.log.info({ logs }, 'deleted expired logs'),
    onFailure: (error) => app.log.warn({ code: codeOf(error) }, error instanceof ClockInDoubt ? error.message : failed),
    onPartitionFailure (error) {
      const code = codeOf(error)
      // Once per error code: missing privileges do not appear by themselves.
      if (!warned.has(code)) app.log.warn({ code }, partitionsFailed)
      warned.add(code)
    }
  })
  app.decorate('logRetention', {
    days,
    rows,
    get failure () { return retention.failure },
    runNow: () => retention.runNow()
  })
  app.addHook('onReady', async () => retention.start())
  app.addHook('preClose', async () => retention.stop())
  app.addHook('onClose', () => retention.close())
}, { name: 'loggerbot-retention', fastify: '5.x', dependencies: ['loggerbot-db'] })
