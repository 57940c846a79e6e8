import type { Actor, Scope } from '../model/caller.ts'
import { createSecret, makeToken, type NewToken } from './keyring.ts'

/** What the audit says about a change. */
interface Entry {
  by: Actor
  action: string
  detail: Record<string, unknown>
}

export interface TokenStore<Token> {
  insert (token: NewToken & { hash: Buffer }, entry: Entry): Promise<number>
  list (userId: number): Promise<Token[]>
  revoke (userId: number, id: number, entry: Entry): Promise<boolean>
}

export interface SessionStore<Session> {
  insert (session: NewSession & { hash: Buffer }, entry: Entry): Promise<number>
  list (userId: number): Promise<Session[]>
  end (userId: number, id: number, entry: Entry): Promise<boolean>
  endAll (userId: number, exceptId: number | undefined, entry: Entry): Promise<number>
}

/** A session to begin for a browser. */
export interface NewSession {
  userId: number
  /** The token that it was begun with, and ends with. Default: none. */
  tokenId?: number
  scopes: readonly Scope[]
  /** Network address of the browser; it is cleaned and cut. */
  address: string
  /** How the browser describes itself; it is cleaned and cut. */
  userAgent: string
}

/** Makes, lists and revokes the random tokens of users; rejects with DatabaseAway. */
export interface UserTokens<Token> {
  make (token: NewToken, by: Actor): Promise<{ id: number, token: string }>
  list (userId: number): Promise<Token[]>
  /** Resolves to false when the user has no such token. */
  revoke (userId: number, id: number, by: Actor): Promise<boolean>
}

/** Begins, lists and ends the sessions of browsers; rejects with DatabaseAway. */
export interface UserSessions<Session> {
  /** Resolves to the secret of the session's cookie. */
  begin (session: NewSession, by: Actor): Promise<string>
  list (userId: number): Promise<Session[]>
  /** Resolves to false when the user has no such session. */
  end (userId: number, id: number, by: Actor): Promise<boolean>
  /** Ends all sessions, or all but one; resolves to their number. */
  endAll (userId: number, exceptId: number | undefined, by: Actor): Promise<number>
}

interface AccountOptions {
  /** Rejects with DatabaseAway when the database does not answer in time. */
  inTime: <T>(query: Promise<T>) => Promise<T>
  /** Called when a token or a session has ended. */
  onEnd: () => void
}

/** The tokens of users. */
export function userTokensOf<Token> (store: TokenStore<Token>, { inTime, onEnd }: AccountOptions): UserTokens<Token> {
  return {
    make (token, by) {
      const { userId, name, scopes, expiresAt } = token
      const entry = { by, action: 'token.make', detail: { user: userId, name, scopes, expires: expiresAt } }
      return inTime(makeToken((row) => store.insert(row, entry), token))
    },
    list: (userId) => inTime(store.list(userId)),
    async revoke (userId, id, by) {
      const isRevoked = await inTime(store.revoke(userId, id, entryOf(by, 'token.revoke', userId, id)))
      onEnd()
      return isRevoked
    }
  }
}

/** The sessions of users. */
export function userSessionsOf<Session> (
  store: SessionStore<Session>, { inTime, onEnd }: AccountOptions
): UserSessions<Session> {
  return {
    async begin (session, by) {
      const { secret, hash } = createSecret()
      const { address, userAgent } = session
      const row = { ...session, hash, address: clean(address, maxAddress), userAgent: clean(userAgent, maxUserAgent) }
      const detail = { user: session.userId, token: session.tokenId }
      await inTime(store.insert(row, { by, action: 'session.begin', detail }))
      return secret
    },
    list: (userId) => inTime(store.list(userId)),
    async end (userId, id, by) {
      const hasEnded = await inTime(store.end(userId, id, entryOf(by, 'session.end', userId, id)))
      onEnd()
      return hasEnded
    },
    async endAll (userId, exceptId, by) {
      const entry = { by, action: 'session.end-all', detail: { user: userId, except: exceptId } }
      const ended = await inTime(store.endAll(userId, exceptId, entry))
      onEnd()
      return ended
    }
  }
}

function entryOf (by: Actor, action: string, user: number, id: number): Entry {
  return { by, action, detail: { user, id } }
}

/** Bound on the characters of an address: behind a trusted proxy it may be any text. */
const maxAddress = 64
/** Bound on the characters of a browser's description. */
const maxUserAgent = 200

/** Removes control and format characters, and cuts the rest. */
function clean (text: string, maxCharacters: number): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, maxCharacters)
}
