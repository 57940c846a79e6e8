import { makeToken } from '../authenticate/keyring.ts'
import type { Settings } from '../config.ts'
import { CommandError, UsageError } from '../errors.ts'
import { printableLine } from '../query/format.ts'
import { onceOf, onceRule, writeOnce } from '../query/once.ts'
import type { Scope } from '../model/caller.ts'
import { titlePattern, titleRule } from '../model/name.ts'
import { tokensOf } from '../store/tokens.ts'
import { usersOf } from '../store/users.ts'
import type { Command } from './command.ts'
import { withTables } from './database.ts'

/** Makes a random token and prints it, once. */
export const tokenAdd: Command = {
  summary: 'make a token for a user\'s programs; prints it, once',
  positionals: ['USER', 'NAME'],
  options: {
    scopes: { type: 'string', description: 'what it is good for: read, write or read,write (default read)' },
    once: { type: 'string', description: `for shippers that regroup what they send again: store each log once within ${onceRule} (default: however often it is sent)` }
  },

  async run (settings, { positionals: [user, name], options, print }) {
    const scopes = readScopes(String(options.scopes ?? 'read'))
    if (!new RegExp(titlePattern, 'u').test(name!)) throw new UsageError(`NAME must be ${titleRule}`)
    const onceMs = readOnce(options.once, scopes)
    const { id, token } = await onTokens(settings, user!, (tokens, userId) => makeToken(tokens, { userId, name: name!, scopes, onceMs }))
    if (onceMs !== undefined) print(`each log that is sent with it is stored once within ${writeOnce(onceMs)}`)
    print(`token ${id} of ${user} can ${scopes.join(' and ')}; it is shown this once:`)
    print(`  ${token}`)
  }
}

/** Lists a user's tokens, without their secrets. */
export const tokenList: Command = {
  summary: 'list a user\'s tokens and when they were last used',
  positionals: ['USER'],

  async run (settings, { positionals: [user], print }) {
    const tokens = await onTokens(settings, user!, (tokens, userId) => tokens.list(userId))
    print('     ID  SCOPES              CREATED (UTC)        LAST USED            ONCE    NAME')
    for (const { id, scopes, createdAt, lastUsedAt, onceMs, name } of tokens) {
      const once = onceMs === null ? '' : writeOnce(onceMs)
      print(`${String(id).padStart(7)}  ${scopes.join(',').padEnd(18)}  ${createdAt.slice(0, 19)}  ${(lastUsedAt ?? 'never').slice(0, 19).padEnd(19)}  ${once.padEnd(6)}  ${printableLine(name)}`)
    }
  }
}

/** Makes a token good for nothing. */
export const tokenRevoke: Command = {
  summary: 'revoke a token, within a second',
  positionals: ['USER', 'ID'],

  async run (settings, { positionals: [user, id], print }) {
    if (!/^\d{1,9}$/.test(id!)) throw new UsageError('ID must be the number of a token (loggerbot token list USER)')
    if (!await onTokens(settings, user!, (tokens, userId) => tokens.revoke(userId, Number(id)))) throw new CommandError(`${user} has no token ${id}`)
    print(`token ${id} of ${user} is revoked`)
  }
}

function readScopes (text: string): Scope[] {
  const wanted = text.split(',')
  const scopes = (['read', 'write'] as const).filter((scope) => wanted.includes(scope))
  if (scopes.length !== wanted.length) throw new UsageError('--scopes must be read, write or read,write')
  return scopes
}

/** In milliseconds. */
function readOnce (text: string | boolean | undefined, scopes: readonly Scope[]): number | undefined {
  if (text === undefined) return undefined
  if (!scopes.includes('write')) throw new UsageError('--once is for tokens that send logs: --scopes must hold write')
  try {
    return onceOf('--once', String(text))
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function onTokens<T> (settings: Settings, userName: string, work: (tokens: ReturnType<typeof tokensOf>, userId: number) => Promise<T>): Promise<T> {
  return withTables(settings, async (knex) => {
    const user = await usersOf(knex).find(userName)
    if (!user) throw new CommandError(`there is no user ${userName}`)
    return work(tokensOf(knex), user.id)
  })
}
