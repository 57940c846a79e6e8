import fp from 'fastify-plugin'
import { codeOf } from '../src/errors.ts'
import { findRisks } from '../src/store/connect.ts'
import { within } from '../src/timeout.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** How the database, as it is set up at the moment, could lose acknowledged logs. */
    logRisks: readonly string[]
  }
}

const pause = 10 * 60 * 1000
/** How long the database may take to tell its settings, in milliseconds: it may hang, and the server starts all the same. */
const patience = 2000

/** Farther than this from the database's, a clock is wrong, in milliseconds. */
const farMs = 5000

/** Looks, at start and every ten minutes, whether the database keeps what it commits, and warns once of each way in which it may not. */
export default fp(async (app) => {
  let risks: string[] = []
  app.decorate('logRisks', { getter: () => [...risks, ...clockRisk()] })

  /** What is stored goes by the database's clock; what is said of "now", and when tokens end, by this machine's. */
  function clockRisk (): string[] {
    const errorMs = app.hasDecorator('logCluster') ? app.logCluster.instance.clockErrorMs : 0
    if (Math.abs(errorMs) < farMs) return []
    return [`this machine's clock is ${Math.round(Math.abs(errorMs) / 1000)} seconds ${errorMs > 0 ? 'ahead of' : 'behind'} the database's: set both by NTP`]
  }

  async function look (): Promise<void> {
    try {
      const found = await within(patience, findRisks(app.logDb))
      for (const risk of found) if (!risks.includes(risk)) app.log.warn(risk)
      risks = found
      for (const risk of clockRisk()) app.log.warn(risk)
    } catch (error) {
      app.log.debug({ code: codeOf(error) }, 'the settings of the database could not be read')
    }
  }

  const timer = setInterval(look, pause).unref()
  app.addHook('onClose', () => clearInterval(timer))
  await look()
}, { name: 'loggerbot-preflight', fastify: '5.x', dependencies: ['loggerbot-db'] })
