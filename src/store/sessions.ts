import type { Knex } from 'knex'
import type { Scope } from '../model/caller.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import { audited, type AuditEntry } from './audit.ts'
import { databaseNow } from './clock-doubt.ts'
import { dialectOf } from './dialects/index.ts'
import { toScopes } from './tokens.ts'

/** A session of a browser, as its owner may see it. */
export interface Session {
  id: number
  /** The token that it was begun with, and ends with; null: it was begun with the password. */
  tokenId: number | null
  createdAt: UtcTime
  /** To the minute. */
  lastUsedAt: UtcTime
  /** The end, unless it is used before. */
  expiresAt: UtcTime
  address: string
  userAgent: string
}

/** The owner of a session, with the rights that it gives. */
export interface SessionOwner {
  id: number
  userId: number
  userName: string
  admin: boolean
  scopes: Scope[]
  /** The end of the session or of its token, whichever is first. */
  expiresAt: UtcTime
  /** Milliseconds until then, by the database's clock. */
  leftMs: number
}

/** A session to begin. */
export interface NewSession {
  userId: number
  /** The token that it ends with. Default: none. */
  tokenId?: number
  /** The SHA-256 of its secret. */
  hash: Buffer
  scopes: readonly Scope[]
  /** 64 characters at most. */
  address: string
  /** 200 characters at most. */
  userAgent: string
}

/** A row of `sessions`. */
interface SessionRow {
  id: number
  user_id: number
  token_id: number | null
  session_hash: Buffer
  /** Separated by spaces. */
  scopes: string
  created_at: UtcTime
  last_used_at: UtcTime
  expires_at: UtcTime
  address: string
  user_agent: string
}

/** A session with the state of its token, and the database's clock. */
type CheckedRow = SessionRow & {
  /** Null if it has no token, or the token was purged. */
  known_token: number | null
  revoked_at: UtcTime | null
  token_expires_at: UtcTime | null
  now_ms: number | string
}

/** The same with its owner. */
type OwnerRow = CheckedRow & { username: string, admin: number }

const dayMs = 86_400_000
/** Days without use after which a session ends. */
export const idleSessionDays = 30
/** Days after which a session ends, however much it is used. */
export const maxSessionDays = 180
/** Bound on the sessions of a user: the oldest make way for new ones. */
const maxSessions = 100

/** The table `sessions`. One that has expired, by the database's clock, or lost its token is treated as missing. */
export function sessionsOf (knex: Knex) {
  const sessions = () => knex<SessionRow>('sessions')
  const nowMs = knex.raw(`${dialectOf(knex).nowMs} AS now_ms`)
  const checked = () => knex('sessions').leftJoin('tokens', 'tokens.id', 'sessions.token_id').select(
    'sessions.*', 'tokens.id AS known_token', 'tokens.revoked_at', 'tokens.expires_at AS token_expires_at', nowMs)

  return {
    /** Begins a session; resolves to its id. Ends the oldest beyond 100 of the user. */
    async insert (session: NewSession, entry: AuditEntry): Promise<number> {
      const row = toRow(session, await databaseNow(knex))
      return await audited(knex, entry, (transaction) => insertBounded(transaction, row))
    },

    /** Finds the owner by the SHA-256 of a session's secret; undefined also if the owner is disabled. */
    async findOwner (hash: Buffer): Promise<SessionOwner | undefined> {
      const row: OwnerRow | undefined = await checked()
        .join('users', 'users.id', 'sessions.user_id')
        .where('sessions.session_hash', hash)
        .whereNull('users.disabled_at')
        .first('users.username', 'users.admin')
      return row && toOwner(row)
    },

    /** A user's sessions, oldest first. */
    async list (userId: number): Promise<Session[]> {
      const rows: CheckedRow[] = await checked().where('sessions.user_id', userId).orderBy('sessions.id')
      return rows.flatMap(toSession)
    },

    /** Notes that a session was used, and moves its end by a day or more when that is due. */
    async markUsed (id: number): Promise<void> {
      const row: CheckedRow | undefined = await checked().where('sessions.id', id).first()
      if (!row) return
      const now = Number(row.now_ms)
      const end = Math.min(now + idleSessionDays * dayMs, millisecondsOf(row.created_at) + maxSessionDays * dayMs)
      const isDue = end - millisecondsOf(row.expires_at) >= dayMs
      await sessions().where({ id }).update({ last_used_at: utcTime(now), ...isDue && { expires_at: utcTime(end) } })
    },

    /** Ends a session; false if the user has none with this id. */
    async end (userId: number, id: number, entry: AuditEntry): Promise<boolean> {
      return await audited(knex, entry, (transaction) =>
        transaction('sessions').where({ id, user_id: userId }).delete()) > 0
    },

    /** Ends a user's sessions, except one; resolves to their number. */
    async endAll (userId: number, exceptId: number | undefined, entry: AuditEntry): Promise<number> {
      return await audited(knex, entry, (transaction) => endSessions(transaction, userId, exceptId))
    },

    /** Deletes the sessions that have expired. */
    async purge (): Promise<void> {
      await sessions().where('expires_at', '<', utcTime(await databaseNow(knex))).delete()
    }
  }
}

/** Inserts a session, and ends the oldest beyond the bound. */
async function insertBounded (transaction: Knex, row: Omit<SessionRow, 'id'>): Promise<number> {
  const [id = 0] = await transaction('sessions').insert(row)
  const excess = await transaction('sessions')
    .where('user_id', row.user_id).orderBy('id', 'desc').limit(maxSessions).offset(maxSessions).pluck('id')
  if (excess.length > 0) await transaction('sessions').whereIn('id', excess).delete()
  return id
}

/** Ends a user's sessions, except one, inside a transaction; resolves to their number. */
export async function endSessions (transaction: Knex, userId: number, exceptId?: number): Promise<number> {
  const ended = transaction('sessions').where('user_id', userId)
  return await (exceptId === undefined ? ended : ended.whereNot('id', exceptId)).delete()
}

/** The end of a session or of its token, whichever is first; undefined if the token was revoked. */
function endOf ({ token_id: tokenId, known_token: knownToken, ...row }: CheckedRow): UtcTime | undefined {
  if (tokenId !== null && (knownToken === null || row.revoked_at !== null)) return undefined
  return row.token_expires_at !== null && row.token_expires_at < row.expires_at ? row.token_expires_at : row.expires_at
}

function toOwner (row: OwnerRow): SessionOwner | undefined {
  const expiresAt = endOf(row)
  return expiresAt === undefined
    ? undefined
    : {
        id: row.id,
        userId: row.user_id,
        userName: row.username,
        admin: Boolean(row.admin),
        scopes: toScopes(row.scopes),
        expiresAt,
        leftMs: millisecondsOf(expiresAt) - Number(row.now_ms)
      }
}

/** None, if the session has ended. */
function toSession (row: CheckedRow): Session[] {
  const expiresAt = endOf(row)
  if (expiresAt === undefined || millisecondsOf(expiresAt) <= Number(row.now_ms)) return []
  return [{
    id: row.id,
    tokenId: row.token_id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt,
    address: row.address,
    userAgent: row.user_agent
  }]
}

function toRow (
  { userId, tokenId, hash, scopes, address, userAgent }: NewSession, now: number
): Omit<SessionRow, 'id'> {
  return {
    user_id: userId,
    token_id: tokenId ?? null,
    session_hash: hash,
    scopes: scopes.join(' '),
    created_at: utcTime(now),
    last_used_at: utcTime(now),
    expires_at: utcTime(now + idleSessionDays * dayMs),
    address,
    user_agent: userAgent
  }
}
