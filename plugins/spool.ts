import fp from 'fastify-plugin'
import { join } from 'node:path'
import type { RememberedToken } from '../src/authenticate/keyring.ts'
import { Known } from '../src/authenticate/remembered.ts'
import type { RememberedUser } from '../src/authenticate/users.ts'
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

/** Opens the spool before the plugins that need it, and closes it after them. */
export default fp<SpoolOptions>(async (app, options) => {
  const keeper = new SpoolKeeper({ ...options, openMemories, log: app.log })
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

interface Memories {
  users: Known<RememberedUser>
  tokens: Known<RememberedToken>
  close (): Promise<void>
}

function openMemories (folder?: string, earlier?: Memories): Memories {
  const fileOf = (name: string) => folder === undefined ? undefined : join(folder, name)
  const users = new Known(fileOf('users'), earlier?.users)
  const tokens = new Known(fileOf('tokens'), earlier?.tokens)
  return {
    users,
    tokens,
    async close () {
      await users.close()
      await tokens.close()
    }
  }
}
