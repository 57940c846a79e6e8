import fp from 'fastify-plugin'
import { join } from 'node:path'
import type { RememberedToken } from '../src/authenticate/keyring.ts'
import { Known } from '../src/authenticate/known.ts'
import type { RememberedUser } from '../src/authenticate/verifier.ts'
import { Spool, type SpoolOptions } from '../src/write/spool.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Where logs go while the database is away; empty where no spool is registered. */
    logSpool: LogSpool
  }
}

export interface LogSpool {
  /** Undefined while there is none to be had. */
  readonly spool?: Spool
  /** Who may send logs while the database is away: by password or the contract's token, and by random tokens. */
  readonly users?: Known<RememberedUser>
  readonly tokens?: Known<RememberedToken>
  /** Why there is none. */
  readonly problem?: string
}

/** How often a folder that can't be used is tried again, in milliseconds. */
const pause = 5000

/**
 * Opens the spool, before the plugins that need it, and closes it after them. A folder that can't be
 * used, or is another instance's, is told of once and tried again: the service does without.
 */
export default fp<SpoolOptions>(async (app, options) => {
  let state: LogSpool = {}
  app.decorate('logSpool', { getter: () => state })

  async function open (): Promise<void> {
    let spool: Spool | undefined
    try {
      spool = await Spool.open(options)
      state = { spool, users: new Known(join(options.folder, 'users')), tokens: new Known(join(options.folder, 'tokens')) }
    } catch (error) {
      await spool?.close()
      const problem = (error as Error).message
      if (problem !== state.problem) app.log.error(`no spool: ${problem}; while the database is away, logs will be refused`)
      state = { problem }
    }
  }

  let opening = open()
  const timer = setInterval(() => {
    if (!state.spool) opening = opening.then(open)
  }, pause).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await opening
    await state.users?.close()
    await state.tokens?.close()
    await state.spool?.close()
  })
  await opening
}, { name: 'loggerbot-spool', fastify: '5.x' })
