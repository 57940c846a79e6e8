import fp from 'fastify-plugin'
import type { RememberedToken } from '../src/authenticate/keyring.ts'
import { memoryOpener } from '../src/authenticate/outage-memory.ts'
import type { Known } from '../src/authenticate/remembered.ts'
import type { RememberedUser } from '../src/authenticate/users.ts'
import type { Peers } from '../src/model/peers.ts'
import { SpoolKeeper } from '../src/write/spool-keeper.ts'
import type { Spool, SpoolOptions } from '../src/write/spool.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Holds logs while the database is unavailable; empty if no spool is registered. */
    logSpool: LogSpool
  }
}

export interface LogSpool {
  /** Undefined while its folder can't be used. */
  readonly spool?: Spool
  /** Users who may send logs while the database is unavailable, by password or by the contract's token. */
  readonly users?: Known<RememberedUser>
  /** Random tokens that are accepted while the database is unavailable. */
  readonly tokens?: Known<RememberedToken>
  /** Why there is no spool. */
  readonly problem?: string
  /** A sentence for each spool of another database in the folder, which is left alone. */
  readonly foreign?: readonly string[]
  /** Says which database is served, so that only its own spool is used from then on. */
  readonly identify?: (databaseId: string) => Promise<void>
}

export interface SpoolPluginOptions extends SpoolOptions {
  /** Other processes that share the users and tokens that are accepted during an outage. */
  peers?: Peers | undefined
}

/** Opens the spool before the plugins that need it, and closes it after them. */
export default fp<SpoolPluginOptions>(async (app, { peers, ...options }) => {
  const keeper = new SpoolKeeper({ ...options, openMemories: memoryOpener(peers), log: app.log })
  app.decorate('logSpool', {
    get spool () { return keeper.spool },
    get users () { return keeper.memories.users },
    get tokens () { return keeper.memories.tokens },
    get problem () { return keeper.problem },
    get foreign () { return keeper.foreign },
    identify: (databaseId) => keeper.identify(databaseId)
  })
  app.addHook('onClose', () => keeper.close())
  await keeper.ready()
}, { name: 'loggerbot-spool', fastify: '5.x' })
