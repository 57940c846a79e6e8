import fp from 'fastify-plugin'
import { join } from 'node:path'
import type { RememberedToken } from '../src/authenticate/keyring.ts'
import { Known } from '../src/authenticate/remembered.ts'
import type { RememberedUser } from '../src/authenticate/verifier.ts'
import { claimFolder, foreignSpools, lastFolder } from '../src/write/spool-home.ts'
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
  /** The logs of other databases in its folder, which stay there: a sentence for each. */
  readonly foreign?: readonly string[]
  /** Tells which database this is. From then on the spool is that database's own, and what is another's is left alone. */
  readonly identify?: (databaseId: string) => Promise<void>
}

/** How often a folder that can't be used is tried again, in milliseconds. */
const pause = 5000

/**
 * Opens the spool, before the plugins that need it, and closes it after them. A folder that can't be
 * used, or is another instance's, is told of once and tried again: the service does without.
 */
export default fp<SpoolOptions>(async (app, options) => {
  let databaseId: string | undefined
  /** The lock on the whole folder, where the spool is in a folder below it. */
  let root: Spool | undefined
  let state: LogSpool = { users: new Known(), tokens: new Known(), identify }
  app.decorate('logSpool', { getter: () => state })

  async function open (): Promise<void> {
    const { spool: before, problem: problemBefore, users, tokens } = state
    try {
      root ??= before ?? await Spool.open(options)
      const folder = databaseId === undefined ? await lastFolder(options.folder) : await claimFolder(options.folder, databaseId)
      if (before?.folder !== folder) await use(folder, before, users, tokens)
    } catch (error) {
      const problem = (error as Error).message
      if (problem !== problemBefore) app.log.error(`no spool: ${problem}; while the database is away, logs will be refused`)
      state = { problem, users, tokens, identify }
    }
    await lookForForeign()
  }

  async function use (folder: string, before: Spool | undefined, users: LogSpool['users'], tokens: LogSpool['tokens']): Promise<void> {
    const spool = folder === root!.folder ? root! : await Spool.open({ ...options, folder })
    // Who was known by another folder is known to another database.
    const known = before === undefined ? { users, tokens } : {}
    state = { spool, users: new Known(join(folder, 'users'), known.users), tokens: new Known(join(folder, 'tokens'), known.tokens), identify }
    if (before === undefined) return
    await users?.close()
    await tokens?.close()
    if (before !== root) await before.close()
  }

  async function lookForForeign (): Promise<void> {
    if (databaseId === undefined) return
    const found = await foreignSpools(options.folder, databaseId).catch(() => [])
    const foreign = found.map(({ folder, segments, bytes }) => `${folder}: ${segments} files (${bytes} bytes) hold logs of another database, and stay there; see: loggerbot spool list`)
    for (const sentence of foreign) if (!state.foreign?.includes(sentence)) app.log.warn(sentence)
    state = { ...state, foreign }
  }

  function identify (id: string): Promise<void> {
    if (id === databaseId) return opening
    databaseId = id
    opening = opening.then(open)
    return opening
  }

  let opening = open()
  const timer = setInterval(() => {
    opening = opening.then(state.spool ? lookForForeign : open)
  }, pause).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await opening
    await state.users?.close()
    await state.tokens?.close()
    await state.spool?.close()
    if (root !== state.spool) await root?.close()
  })
  await opening
}, { name: 'loggerbot-spool', fastify: '5.x' })
