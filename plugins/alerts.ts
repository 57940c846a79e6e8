import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ErrorFollower } from '../src/alerts/follower.ts'
import { OwnProblems } from '../src/alerts/own-problems.ts'
import { codeOf } from '../src/errors.ts'
import { dialectOf } from '../src/store/dialects/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The groups of errors; undefined where there are none. */
    logAlerts: {
      /** Seconds by which the groups are behind what is stored; 0 while another instance counts. */
      readonly behind: number
      /** Counts every error that is stored, and runs the rules; rejects where another instance does. */
      runNow (): Promise<void>
    } | undefined
  }
}

export interface AlertsOptions {
  /** Whether errors are grouped and rules are run, on one instance at a time. Default false. */
  alerts?: boolean
}

/** Groups the errors of all users and runs their rules, behind the writer, on one instance at a time. */
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
  const problems = new OwnProblems(app.logDb, {
    spoolBytes: () => app.logSpool.spool?.bytes ?? 0,
    folders: () => foldersOf(app),
    retentionFailure: () => app.hasDecorator('logRetention') ? app.logRetention.failure : undefined
  })
  app.addHook('onReady', async () => {
    follower.start()
    problems.start()
  })
  app.addHook('preClose', async () => follower.stop())
  app.addHook('onClose', async () => {
    await problems.end()
    await follower.close()
  })
}, { name: 'loggerbot-alerts', fastify: '5.x', dependencies: ['loggerbot-cluster'] })

/** Folders of the database and of the spool, as far as they are on this machine. */
function foldersOf ({ logDb, logSpool }: FastifyInstance): string[] {
  const beside = dialectOf(logDb).keptFolder(logDb)
  return [...logSpool.spool ? [logSpool.spool.folder] : [], ...beside === undefined ? [] : [dirname(beside)]]
}
