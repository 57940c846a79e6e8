import fp from 'fastify-plugin'
import type { onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import { Authenticator, requireSameSite, userTokenOf } from '../src/authenticate/authenticator.ts'
import { userSessionsOf, userTokensOf, type UserSessions, type UserTokens } from '../src/authenticate/account.ts'
import { changePassword, type NewPassword } from '../src/authenticate/password.ts'
import { registerUser, type NewUser } from '../src/authenticate/register.ts'
import { DatabaseAway } from '../src/errors.ts'
import { guardRoutes, untilRightEnds } from '../src/http/guard.ts'
import type { Caller, LogUser, Scope, UserCaller } from '../src/model/caller.ts'
import { credentialsOf } from '../src/store/credentials.ts'
import { sessionsOf, type Session } from '../src/store/sessions.ts'
import { tokensOf, type Token } from '../src/store/tokens.ts'
import { usersOf } from '../src/store/users.ts'
import { within } from '../src/timeout.ts'

/**
 * Callers that a route lets in: everybody (`public`), those of the published contract, which its routes check
 * themselves (`contract`), callers with a credential of this scope, or administrators by password or session (`admin`).
 */
export type Access = 'public' | 'contract' | 'admin' | Scope

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Access to the route. Every route of ours has it; routes of a host without it are left alone. */
    logAccess?: Access
  }
  interface FastifyRequest {
    /** The caller, on routes that ask for a scope. */
    logCaller: Caller
  }
  interface FastifyInstance {
    // Types are imported in place, because the type declarations would lose the import.
    /** Verifies the X-User-Token of the named user; rejects with BadRequest, Forbidden or TooManyAttempts. */
    authenticateToken: (request: import('fastify').FastifyRequest, user: string) => Promise<LogUser>
    /** Finds the caller of a request to a public route; undefined without a valid credential of scope `read`. */
    findReader: (request: import('fastify').FastifyRequest) => Promise<Caller | undefined>
    /** Verifies a password; resolves to undefined when it is wrong, rejects with TooManyAttempts. */
    authenticatePassword: (
      request: import('fastify').FastifyRequest, user: string, password: string
    ) => Promise<UserCaller | undefined>
    /**
     * Finds the caller of a random token that did not come by HTTP. Rejects with TooManyAttempts, and with DatabaseAway
     * when the token is not cached and the database is unavailable.
     */
    callerOfToken: (token: string, address: string) => Promise<UserCaller | undefined>
    /** Finds a user named in the settings (no token); undefined if missing or disabled. Rejects with DatabaseAway. */
    trustedUser: (name: string) => Promise<LogUser | undefined>
    /** Answers 400 when X-User-Token cannot be a token, before the body is read. */
    requireTokenForm: onRequestHookHandler
    /** Answers 400 without X-Api-Key, and 403 while there is no API key, before the body is read. */
    requireKeyForm: onRequestHookHandler
    /** Answers 403 unless X-Api-Key is the API key. */
    requireApiKey: preHandlerHookHandler
    /** Answers 403 to a request that a browser sends on behalf of another site. */
    requireSameSite: onRequestHookHandler
    /** Name of the cookie of a browser's session, as this request must send it. */
    sessionCookieOf: (request: import('fastify').FastifyRequest) => string
    /**
     * Signal that aborts with Unauthorized within a second after the caller lost the right to the open response:
     * token revoked, user disabled, signed out, no administrator any more.
     */
    untilRightEnds: (request: import('fastify').FastifyRequest, reply: import('fastify').FastifyReply) => AbortSignal
    /** Creates a user; resolves to their token, rejects with Conflict. */
    registerUser: (user: NewUser) => Promise<{ token: string, created: boolean }>
    /** Changes a user's password, ends their sessions, and resolves to the contract's new token. */
    changePassword: (change: NewPassword) => Promise<string>
    userTokens: UserTokens<Token>
    userSessions: UserSessions<Session>
  }
}

export interface AuthOptions {
  /** The X-Api-Key that may call POST /create_user and read all users' logs. Default: none, and both are closed. */
  apiKey?: string
  /** Bound on a query for a user or token, in ms; past it the database counts as unavailable. Default 5000. */
  patience?: number
}

/** Authenticates callers, and admits to each route those that its `config.logAccess` names. */
export default fp<AuthOptions>(async (app, { apiKey = '', patience: timeoutMs = 5000 }) => {
  const users = usersOf(app.logDb)
  const tokens = tokensOf(app.logDb)
  const sessions = sessionsOf(app.logDb)
  const inTime = <T>(query: Promise<T>): Promise<T> => within(timeoutMs, query, new DatabaseAway())
  const authenticator = new Authenticator({
    findUsers: (names) => users.findAll(names),
    tokens,
    sessions,
    memory: () => app.logSpool,
    apiKey,
    lookupTimeoutMs: timeoutMs
  })
  const account = { inTime, onEnd: () => authenticator.forgetSecrets() }

  app.decorate('authenticateToken', (request, user) => authenticator.requireUser(request, user))
  app.decorate('findReader', async (request) => {
    const caller = await authenticator.callerOf(request, 'read')
    return caller?.scopes.has('read') ? caller : undefined
  })
  app.decorate('authenticatePassword', ({ ip }, name, secret) => authenticator.callerOfPassword(ip, { name, secret }))
  app.decorate('callerOfToken', (token, address) => authenticator.callerOfToken(token, address))
  app.decorate('trustedUser', (name) => authenticator.trustedUser(name))
  app.decorate('requireTokenForm', async (request) => { userTokenOf(request) })
  app.decorate('requireKeyForm', async (request) => authenticator.requireKeyForm(request))
  app.decorate('requireApiKey', (request) => authenticator.requireApiKey(request))
  app.decorate('requireSameSite', async (request) => requireSameSite(request))
  app.decorate('sessionCookieOf', (request) => authenticator.sessionCookieOf(request))
  app.decorate('untilRightEnds', (request, reply) => untilRightEnds(reply, async () => {
    const { logCaller, routeOptions: { config } } = request
    return authenticator.isStillAllowed(request, logCaller, config.logAccess as Scope)
  }))

  app.decorate('registerUser', (user) => registerUser({
    find: (name) => within(timeoutMs, users.find(name)),
    insert: (row, entry) => within(timeoutMs, users.insert(row, entry))
  }, user))
  app.decorate('changePassword', (change) => (
    inTime(changePassword(credentialsOf(app.logDb), change)).finally(account.onEnd)
  ))
  app.decorate('userTokens', userTokensOf(tokens, account))
  app.decorate('userSessions', userSessionsOf(sessions, account))

  app.decorateRequest('logCaller')
  guardRoutes(app, (request, scope) => authenticator.callerOf(request, scope))
}, { name: 'loggerbot-auth', fastify: '5.x', dependencies: ['loggerbot-db'] })
