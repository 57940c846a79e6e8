import fp from 'fastify-plugin'
import { Preflight } from '../src/cluster/preflight.ts'
import { findSlowSettings, findRisks } from '../src/store/connect.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A sentence for each way in which acknowledged logs could be lost at the moment. */
    logRisks: readonly string[]
  }
}

/** An administrator may change the settings of the database at any time. */
const checkEveryMs = 10 * 60 * 1000

/** Warns of a database that may lose what it commits, and of a wrong clock. */
export default fp(async (app) => {
  const preflight = new Preflight({
    findRisks: () => findRisks(app.logDb),
    findSlowSettings: () => findSlowSettings(app.logDb),
    clockErrorMs: () => app.hasDecorator('logCluster') ? app.logCluster.instance.clockErrorMs : 0,
    log: app.log
  })
  app.decorate('logRisks', { getter: () => preflight.risks })
  const timer = setInterval(() => { preflight.check().catch(() => {}) }, checkEveryMs).unref()
  app.addHook('onClose', () => clearInterval(timer))
  await preflight.check()
}, { name: 'loggerbot-preflight', fastify: '5.x', dependencies: ['loggerbot-db'] })
