import { userTokensOf, type UserTokens } from '../authenticate/account.ts'
import type { Settings } from '../config.ts'
import { CommandError, Conflict, UsageError } from '../errors.ts'
import type { Scope } from '../model/caller.ts'
import { titlePattern, titleRule } from '../model/name.ts'
import { expiryOf } from '../query/expiry.ts'
import { printableLine } from '../query/format.ts'
import { onceOf, writeOnce } from '../query/once.ts'
import { databaseNow } from '../store/clock-doubt.ts'
import { tokensOf, type Token } from '../store/tokens.ts'
import { usersOf } from '../store/users.ts'
import { commandLine, type Context } from './context.ts'
import { withTables } from './database.ts'
import { tableLines } from './table.ts'

export interface AddTokenOptions {
  scopes?: string
  expires?: string
  once?: string
}

/** Makes a random token and prints it, once. */
export async function addToken (
  { settings, print }: Context, { user, name }: { user: string, name: string }, options: AddTokenOptions
): Promise<void> {
  const { scopes: wanted = 'read', expires, once } = options
  const scopes = readScopes(wanted)
  if (!new RegExp(titlePattern, 'u').test(name)) throw new UsageError(`NAME must be ${titleRule}`)
  const onceMs = readOnce(once, scopes)
  const { id, token } = await onTokens(settings, user, async (tokens, userId, now) => {
    const expiresAt = expires === undefined ? undefined : asUsage(() => expiryOf('--expires', expires, now))
    return tokens.make({ userId, name, scopes, expiresAt, onceMs }, commandLine)
  })
  if (onceMs !== undefined) print(`each log that is sent with it is stored once within ${writeOnce(onceMs)}`)
  print(`token ${id} of ${user} can ${scopes.join(' and ')}; it is shown only this once:`)
  print(`  ${token}`)
}

/** Lists a user's tokens, without their secrets. */
export async function listTokens ({ settings, print }: Context, user: string): Promise<void> {
  const tokens = await onTokens(settings, user, (tokens, userId) => tokens.list(userId))
  const lines = tableLines([
    ['ID', 'SCOPES', 'CREATED (UTC)', 'LAST USED', 'EXPIRES', 'ONCE', 'NAME'],
    ...tokens.map(({ id, scopes, createdAt, lastUsedAt, expiresAt, onceMs, name }) => [
      id,
      scopes.join(','),
      createdAt.slice(0, 19),
      (lastUsedAt ?? 'never').slice(0, 19),
      (expiresAt ?? 'never').slice(0, 19),
      onceMs === null ? '' : writeOnce(onceMs),
      printableLine(name)
    ])
  ])
  for (const line of lines) print(line)
}

/** Revokes a token. */
export async function revokeToken ({ settings, print }: Context, user: string, id: string): Promise<void> {
  if (!/^\d{1,9}$/.test(id)) throw new UsageError('ID must be the number of a token (loggerbot token list USER)')
  const isRevoked = await onTokens(settings, user, (tokens, userId) => tokens.revoke(userId, Number(id), commandLine))
  if (!isRevoked) throw new CommandError(`${user} has no token ${id}`)
  print(`token ${id} of ${user} is revoked`)
}

function readScopes (text: string): Scope[] {
  const wanted = text.split(',')
  const scopes = (['read', 'write'] as const).filter((scope) => wanted.includes(scope))
  if (scopes.length !== wanted.length) throw new UsageError('--scopes must be read, write or read,write')
  return scopes
}

/** The window in ms. */
function readOnce (text: string | undefined, scopes: readonly Scope[]): number | undefined {
  if (text === undefined) return undefined
  if (!scopes.includes('write')) {
    throw new UsageError('--once is for tokens that send logs: --scopes must include write')
  }
  return asUsage(() => onceOf('--once', text))
}

/** Throws what is wrong with a flag as UsageError. */
function asUsage<T> (read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** Does work on the tokens of a user, with the time of the database's clock, in ms since 1970. */
function onTokens<T> (
  settings: Settings, userName: string, work: (tokens: UserTokens<Token>, userId: number, now: number) => Promise<T>
): Promise<T> {
  return withTables(settings, async (knex) => {
    const user = await usersOf(knex).find(userName)
    if (!user) throw new CommandError(`there is no user ${userName}`)
    const tokens = userTokensOf(tokensOf(knex), { inTime: (query) => query, onEnd: () => {} })
    try {
      return await work(tokens, user.id, await databaseNow(knex))
    } catch (error) {
      throw error instanceof Conflict ? new CommandError(error.message) : error
    }
  })
}
