import type { Knex } from 'knex'
import { scopes, type Scope } from '../model/caller.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { newestBatchAt } from './batches.ts'
import { retryConflicts } from './retry.ts'

/** A row of `tokens`, as its owner may see it. */
export interface Token {
  id: number
  name: string
  scopes: Scope[]
  createdAt: UtcTime
  /** To the minute. */
  lastUsedAt: UtcTime | null
  expiresAt: UtcTime | null
  /** Milliseconds within which each log that is sent with it is stored once; null: however often it comes. */
  onceMs: number | null
}

/** Whose a token is, and what it is good for. */
export interface TokenOwner {
  tokenId: number
  userId: number
  userName: string
  admin: boolean
  scopes: Scope[]
  /** Null: never. */
  expiresAt: UtcTime | null
  /** As above. */
  onceMs: number | null
}

interface NewToken {
  userId: number
  name: string
  hash: Buffer
  scopes: readonly Scope[]
  /** Default: never. */
  expiresAt?: UtcTime | null
  /** Default: each log is stored however often it comes. */
  onceMs?: number | null
}

/** A token that has expired stays for so long. */
const keptMs = 7 * 86_400_000

/** The table `tokens`. One that is revoked or has expired is as if it were not there. */
export function tokensOf (knex: Knex) {
  const valid = () => knex('tokens').whereNull('tokens.revoked_at').where((where) => where.whereNull('tokens.expires_at').orWhere('tokens.expires_at', '>', utcTime()))

  return {
    /** `hash` is the SHA-256 of the token. Resolves to its id. */
    async insert ({ userId, name, hash, scopes, expiresAt = null, onceMs = null }: NewToken): Promise<number> {
      const row = { user_id: userId, name, token_hash: hash, scopes: scopes.join(' '), created_at: utcTime(), expires_at: expiresAt, once_seconds: onceMs && onceMs / 1000 }
      const [id] = await retryConflicts(knex, () => knex('tokens').insert(row))
      return id!
    },

    /** Undefined also where the owner is disabled. */
    async findOwner (hash: Buffer): Promise<TokenOwner | undefined> {
      const row = await valid().join('users', 'users.id', 'tokens.user_id').where('tokens.token_hash', hash).whereNull('users.disabled_at')
        .first('tokens.id', 'tokens.user_id', 'tokens.scopes', 'tokens.expires_at', 'tokens.once_seconds', 'users.username', 'users.admin')
      return row && { tokenId: row.id, userId: row.user_id, userName: row.username, admin: Boolean(row.admin), scopes: toScopes(row.scopes), expiresAt: row.expires_at, onceMs: row.once_seconds && row.once_seconds * 1000 }
    },

    /** A user's, the oldest first. */
    async list (userId: number): Promise<Token[]> {
      return (await valid().where('user_id', userId).orderBy('id')).map((row) => ({
        id: row.id,
        name: row.name,
        scopes: toScopes(row.scopes),
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
        expiresAt: row.expires_at,
        onceMs: row.once_seconds && row.once_seconds * 1000
      }))
    },

    /**
     * Deletes those that were revoked, and those that expired a week before the newest batch was stored: a clock that is ahead
     * while nothing is stored makes none go.
     */
    async purge (): Promise<void> {
      await knex('tokens').whereNotNull('revoked_at').delete()
      const newest = await newestBatchAt(knex)
      if (newest !== undefined) await knex('tokens').where('expires_at', '<', utcTime(millisecondsOf(newest) - keptMs)).delete()
    },

    async markUsed (id: number): Promise<void> {
      await knex('tokens').where({ id }).update({ last_used_at: utcTime() })
    },

    /** False when the user has no such token. */
    async revoke (userId: number, id: number): Promise<boolean> {
      return await retryConflicts(knex, () => valid().where({ id, user_id: userId }).update({ revoked_at: utcTime() })) > 0
    }
  }
}

function toScopes (text: string): Scope[] {
  return scopes.filter((scope) => text.split(' ').includes(scope))
}
