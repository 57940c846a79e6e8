import { DatabaseAway } from '../errors.ts'
import type { Caller, LogUser, Scope, UserCaller } from '../model/caller.ts'
import { within } from '../timeout.ts'
import {
  userSessionsOf, userTokensOf, type SessionStore, type TokenStore, type UserSessions, type UserTokens
} from './account.ts'
import {
  Authenticator, requireSameSite, userTokenOf, type AuthenticRequest, type AuthenticatorOptions
} from './authenticator.ts'
import type { SecretStore } from './keyring.ts'
import { changePassword, type NewPassword, type PasswordStore } from './password.ts'
import { registerUser, type NewUser, type UserStore } from './register.ts'
import type { StoredUser } from './users.ts'

/** Authentication, and the accounts of users, as plugins and routes use them. */
export interface Authentication<Token, Session> {
  /** Verifies the X-User-Token of the named user; rejects with BadRequest, Forbidden or TooManyAttempts. */
  authenticateToken (request: AuthenticRequest, user: string): Promise<LogUser>
  /** Finds the caller of a request to a public route; undefined without a valid credential of scope `read`. */
  findReader (request: AuthenticRequest): Promise<Caller | undefined>
  /** Verifies a password; resolves to undefined when it is wrong, rejects with TooManyAttempts. */
  authenticatePassword (request: AuthenticRequest, user: string, password: string): Promise<UserCaller | undefined>
  /**
   * Finds the caller of a random token that did not come by HTTP. Rejects with TooManyAttempts, and with DatabaseAway
   * when the token is not cached and the database is unavailable.
   */
  callerOfToken (token: string, address: string): Promise<UserCaller | undefined>
  /** Finds a user named in the settings (no token); undefined if missing or disabled. Rejects with DatabaseAway. */
  trustedUser (name: string): Promise<LogUser | undefined>
  /** Answers 400 when X-User-Token cannot be a token, before the body is read. */
  requireTokenForm (request: AuthenticRequest): Promise<void>
  /** Answers 400 without X-Api-Key, and 403 while there is no API key, before the body is read. */
  requireKeyForm (request: AuthenticRequest): Promise<void>
  /** Answers 403 unless X-Api-Key is the API key. */
  requireApiKey (request: AuthenticRequest): Promise<void>
  /** Answers 403 to a request that a browser sends on behalf of another site. */
  requireSameSite (request: AuthenticRequest): Promise<void>
  /** Name of the cookie of a browser's session, as this request must send it. */
  sessionCookieOf (request: AuthenticRequest): string
  /** Creates a user; resolves to their token, rejects with Conflict. */
  registerUser (user: NewUser): Promise<{ token: string, created: boolean }>
  /** Changes a user's password, ends their sessions, and resolves to the contract's new token. */
  changePassword (change: NewPassword): Promise<string>
  userTokens: UserTokens<Token>
  userSessions: UserSessions<Session>
}

/** Authentication, with what guards routes. */
interface Guarded<Token, Session> {
  authentication: Authentication<Token, Session>
  /** Finds the caller for a route that asks for the scope; see Authenticator. */
  callerOf (request: AuthenticRequest, scope: Scope): Promise<Caller | undefined>
  /** Whether the caller may still do what the request was let in for. */
  isStillAllowed (request: AuthenticRequest, caller: Caller, scope: Scope): Promise<boolean>
}

export interface AuthenticationOptions<Token, Session>
  extends Pick<AuthenticatorOptions, 'apiKey' | 'memory' | 'current'> {
  users: UserStore & PasswordStore & { findAll (names: readonly string[]): Promise<readonly StoredUser[]> }
  tokens: TokenStore<Token> & SecretStore
  sessions: SessionStore<Session> & SecretStore
  /** Bound on a query for a user or token, in ms; past it the database counts as unavailable. */
  timeoutMs: number
}

/** Authenticates by these stores. */
export function createAuthentication<Token, Session> (
  { users, tokens, sessions, current, memory, apiKey, timeoutMs }: AuthenticationOptions<Token, Session>
): Guarded<Token, Session> {
  const authenticator = new Authenticator({
    findUsers: (names) => users.findAll(names),
    tokens,
    sessions,
    current,
    memory,
    apiKey,
    lookupTimeoutMs: timeoutMs
  })
  const inTime = <T>(query: Promise<T>): Promise<T> => within(timeoutMs, query, () => new DatabaseAway())
  const onEnd = () => authenticator.forgetSecrets()
  const authentication: Authentication<Token, Session> = {
    authenticateToken: (request, user) => authenticator.requireUser(request, user),
    async findReader (request) {
      const caller = await authenticator.callerOf(request, 'read')
      return caller?.scopes.has('read') ? caller : undefined
    },
    authenticatePassword: ({ ip }, name, secret) => authenticator.callerOfPassword(ip, { name, secret }),
    callerOfToken: (token, address) => authenticator.callerOfToken(token, address),
    trustedUser: (name) => authenticator.trustedUser(name),
    requireTokenForm: async (request) => { userTokenOf(request) },
    requireKeyForm: async (request) => authenticator.requireKeyForm(request),
    requireApiKey: (request) => authenticator.requireApiKey(request),
    requireSameSite: async (request) => requireSameSite(request),
    sessionCookieOf: (request) => authenticator.sessionCookieOf(request),
    registerUser: (user) => registerUser({
      find: (name) => within(timeoutMs, users.find(name)),
      insert: (row, entry) => within(timeoutMs, users.insert(row, entry))
    }, user),
    changePassword: (change) => inTime(changePassword(users, change)).finally(onEnd),
    userTokens: userTokensOf(tokens, { inTime, onEnd }),
    userSessions: userSessionsOf(sessions, { inTime, onEnd })
  }
  return {
    authentication,
    callerOf: (request, scope) => authenticator.callerOf(request, scope),
    isStillAllowed: (request, caller, scope) => authenticator.isStillAllowed(request, caller, scope)
  }
}
