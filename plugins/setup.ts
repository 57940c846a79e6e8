import fp from 'fastify-plugin'
import { Setup } from '../src/authenticate/setup.ts'
import { codeOf, DatabaseAway } from '../src/errors.ts'
import { firstUserOf } from '../src/store/users.ts'
import { within } from '../src/timeout.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The way to the first user. */
    logSetup: Setup
  }
}

export interface SetupOptions {
  /**
   * Called at start, while there is no user, with the code that opens POST /api/setup: print it where only the operator
   * sees it. Default: the first user cannot be created over HTTP.
   */
  onSetupCode?: (code: string) => void
  /** The code, where processes of one server share it. Default: a random one. */
  setupCode?: string | undefined
  /** Bound on a query about users, in ms; past it the database counts as unavailable. Default 5000. */
  patience?: number
}

/** Opens the way to the first user, where that is asked for. */
export default fp<SetupOptions>(async (app, { onSetupCode, setupCode, patience: timeoutMs = 5000 }) => {
  const firstUser = firstUserOf(app.logDb)
  const inTime = <T>(query: Promise<T>): Promise<T> => within(timeoutMs, query, () => new DatabaseAway())
  const setup = new Setup({
    isMissing: () => inTime(firstUser.isMissing()),
    insert: (user, entry) => inTime(firstUser.insert(user, entry))
  })
  app.decorate('logSetup', setup)
  if (onSetupCode === undefined) return
  app.addHook('onReady', async () => {
    try {
      const code = await setup.open(setupCode)
      if (code !== undefined) onSetupCode(code)
    } catch (error) {
      app.log.warn({ code: codeOf(error) }, 'the database is unavailable: no code for the first user')
    }
  })
}, { name: 'loggerbot-setup', fastify: '5.x', dependencies: ['loggerbot-db'] })
