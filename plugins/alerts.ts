import fp from 'fastify-plugin'
import { ErrorFollower } from '../src/alerts/follower.ts'
import { codeOf } from '../src/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The groups of errors; undefined where there are none. */
    logAlerts: {
      /** Seconds by which the groups are behind what is stored; 0 while another instance counts. */
      readonly behind: number
      /** Counts every error that is stored; rejects where another instance counts. Not part of the public API. */
      runNow (): Promise<void>
    } | undefined
  }
}

export interface AlertsOptions {
  /** Whether errors are grouped, on one instance at a time. Default false. */
  alerts?: boolean
}

/** Groups the errors of all users, behind the writer, on one instance at a time. */
export default fp<AlertsOptions>(async (app, { alerts = false }) => {
  if (!alerts) {
    app.decorate('logAlerts', undefined)
    return
  }
  const follower = new ErrorFollower({
    ...app.logCluster,
    knex: app.logDb,
    onFailure: (error) => app.log.warn({ code: codeOf(error) }, 'errors could not be grouped; it tries again')
  })
  app.decorate('logAlerts', { get behind () { return follower.behindSeconds }, runNow: () => follower.runNow() })
  app.addHook('onReady', async () => follower.start())
  app.addHook('preClose', async () => follower.stop())
  app.addHook('onClose', () => follower.close())
}, { name: 'loggerbot-alerts', fastify: '5.x', dependencies: ['loggerbot-cluster'] })
