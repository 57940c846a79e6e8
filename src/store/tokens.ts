import type { Knex } from 'knex'
import { Conflict } from '../errors.ts'
import { scopes, type Scope } from '../model/caller.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { audited, type AuditEntry } from './audit.ts'
import { newestBatchAt } from './batches.ts'
import { databaseNow } from './clock-doubt.ts'
import { dialectOf } from './dialects/index.ts'

/** A token, as its owner may see it. */
export interface Token {
  id: number
  name: string
  scopes: Scope[]
  createdAt: UtcTime
  /** To the minute. */
  lastUsedAt: UtcTime | null
  /** Null: never. */
  expiresAt: UtcTime | null
  /** Window in milliseconds in which a log sent again with the token is stored once; null: it is stored each time. */
  onceMs: number | null
}

/** The owner of a token, with the rights that the token gives. */
export interface TokenOwner {
  /** Of the token. */
  id: number
  userId: number
  userName: string
  admin: boolean
  scopes: Scope[]
  /** Null: never. */
  expiresAt: UtcTime | null
  /** Milliseconds until then, by the database's clock; not above 0 if the token has expired. */
  leftMs: number
  /** As in `Token`. */
  onceMs: number | null
}

interface NewToken {
  userId: number
  name: string
  /** The SHA-256 of the token. */
  hash: Buffer
  scopes: readonly Scope[]
  /** Default: never. */
  expiresAt?: UtcTime | null
  /** Default: each log is stored each time that it is sent. */
  onceMs?: number | null
}

/** A row of `tokens`. */
interface TokenRow {
  id: number
  user_id: number
  name: string
  token_hash: Buffer
  /** Separated by spaces. */
  scopes: string
  created_at: UtcTime
  last_used_at: UtcTime | null
  revoked_at: UtcTime | null
  expires_at: UtcTime | null
  once_seconds: number | null
}

/** The columns of `tokens` and `users` that make a `TokenOwner`. */
type OwnerRow = Pick<TokenRow, 'id' | 'user_id' | 'scopes' | 'expires_at' | 'once_seconds'> & {
  username: string
  admin: number
  now_ms: number | string
}

/** Bound on the tokens of a user: a list has them all. */
const maxTokens = 1000
/** How long a token stays in the table after it expired. */
const expiredTokenMs = 7 * 86_400_000

/** The table `tokens`. A token that is revoked, or has expired by the database's clock, is treated as missing. */
export function tokensOf (knex: Knex) {
  const tokens = () => knex<TokenRow>('tokens')
  const nowMs = knex.raw(`${dialectOf(knex).nowMs} AS now_ms`)

  return {
    /** Inserts a token; resolves to its id. Throws Conflict if the user has as many as possible. */
    async insert (token: NewToken, entry: AuditEntry): Promise<number> {
      const own = await tokens().where('user_id', token.userId).whereNull('revoked_at').limit(maxTokens).pluck('id')
      if (own.length >= maxTokens) throw new Conflict(`a user can have ${maxTokens} tokens: revoke one first`)
      const row = toRow(token, await databaseNow(knex))
      return await audited(knex, entry, async (transaction) => {
        const [id = 0] = await transaction('tokens').insert(row)
        return id
      })
    },

    /** Finds the owner by the SHA-256 of a token, which may have expired; undefined also if the owner is disabled. */
    async findOwner (hash: Buffer): Promise<TokenOwner | undefined> {
      const row: OwnerRow | undefined = await tokens()
        .join('users', 'users.id', 'tokens.user_id')
        .where('tokens.token_hash', hash)
        .whereNull('tokens.revoked_at')
        .whereNull('users.disabled_at')
        .first('tokens.id', 'tokens.user_id', 'tokens.scopes', 'tokens.expires_at', 'tokens.once_seconds',
          'users.username', 'users.admin', nowMs)
      return row && toOwner(row)
    },

    /** A user's tokens, oldest first. */
    async list (userId: number): Promise<Token[]> {
      const now = utcTime(await databaseNow(knex))
      const rows = await tokens().where('user_id', userId).whereNull('revoked_at').orderBy('id')
      return rows.filter(({ expires_at: expiresAt }) => expiresAt === null || expiresAt > now).map(toToken)
    },

    /**
     * Deletes the tokens that were revoked, and those that expired a week before the newest batch was stored.
     * Measured from that batch, because a clock that is ahead must not delete tokens while nothing is stored.
     */
    async purge (): Promise<void> {
      await tokens().whereNotNull('revoked_at').delete()
      const newest = await newestBatchAt(knex)
      if (newest === undefined) return
      await tokens().where('expires_at', '<', utcTime(millisecondsOf(newest) - expiredTokenMs)).delete()
    },

    async markUsed (id: number): Promise<void> {
      await tokens().where({ id }).update({ last_used_at: utcTime() })
    },

    /** Revokes a token; false if the user has no such token. */
    async revoke (userId: number, id: number, entry: AuditEntry): Promise<boolean> {
      return await audited(knex, entry, (transaction) => transaction('tokens')
        .where({ id, user_id: userId }).whereNull('revoked_at').update({ revoked_at: utcTime() })) > 0
    }
  }
}

function toRow (
  { userId, name, hash, scopes, expiresAt = null, onceMs = null }: NewToken, now: number
): Partial<TokenRow> {
  return {
    user_id: userId,
    name,
    token_hash: hash,
    scopes: scopes.join(' '),
    created_at: utcTime(now),
    expires_at: expiresAt,
    once_seconds: onceMs && onceMs / 1000
  }
}

function toToken (row: TokenRow): Token {
  return {
    id: row.id,
    name: row.name,
    scopes: toScopes(row.scopes),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    onceMs: toMilliseconds(row.once_seconds)
  }
}

function toOwner (row: OwnerRow): TokenOwner {
  return {
    id: row.id,
    userId: row.user_id,
    userName: row.username,
    admin: Boolean(row.admin),
    scopes: toScopes(row.scopes),
    expiresAt: row.expires_at,
    leftMs: row.expires_at === null ? Infinity : millisecondsOf(row.expires_at) - Number(row.now_ms),
    onceMs: toMilliseconds(row.once_seconds)
  }
}

function toMilliseconds (seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000
}

/** The scopes of a text in which spaces separate them. */
export function toScopes (text: string): Scope[] {
  const names = text.split(' ')
  return scopes.filter((scope) => names.includes(scope))
}
