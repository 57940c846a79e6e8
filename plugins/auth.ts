import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest, onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import { Attempts } from '../src/authenticate/attempts.ts'
import { Keyring, makeToken, type NewToken } from '../src/authenticate/keyring.ts'
import { networkOf } from '../src/authenticate/network.ts'
import { isFromElsewhere, presentedBy, sessionCookie } from '../src/authenticate/credentials.ts'
import { registerUser, type NewUser } from '../src/authenticate/register.ts'
import { findTogether } from '../src/authenticate/coalesce.ts'
import { contractToken, sameSecret } from '../src/authenticate/token.ts'
import { TrustedUsers } from '../src/authenticate/trusted.ts'
import { Verifier } from '../src/authenticate/verifier.ts'
import { BadRequest, DatabaseAway, Forbidden, NotAllowed, Unauthorized, Unavailable } from '../src/errors.ts'
import { scopes, type Caller, type LogUser, type Scope } from '../src/model/caller.ts'
import { within } from '../src/timeout.ts'
import { tokensOf, type Token } from '../src/store/tokens.ts'
import { usersOf } from '../src/store/users.ts'

/**
 * Whom a route lets in. `public`: everybody; `contract`: whom the published contract says, which
 * its routes see to; a scope: callers whose credential has it.
 */
export type Access = 'public' | 'contract' | Scope

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route of ours says it; a host's own routes are left alone. */
    logAccess?: Access
  }
  interface FastifyRequest {
    /** Who sends it, on routes that ask for a scope. */
    logCaller: Caller
  }
  interface FastifyInstance {
    /** Whose the request's X-User-Token is, if it is the named user's; else throws BadRequest, Forbidden or TooManyAttempts. */
    // Spelled out, because the type declarations would lose the import.
    authenticateToken: (request: import('fastify').FastifyRequest, user: string) => Promise<LogUser>
    /** Whose the password is; undefined where it is nobody's. Throws TooManyAttempts. */
    authenticatePassword: (request: import('fastify').FastifyRequest, user: string, password: string) => Promise<Caller | undefined>
    /** Finds the caller of a random token that was sent from an address outside of HTTP. Throws TooManyAttempts; rejects where the token is not cached and the database is unavailable. */
    callerOfToken: (token: string, address: string) => Promise<Caller | undefined>
    /** The user of this name, whom the settings vouch for; undefined where they are disabled. Rejects as above. */
    trustedUser: (name: string) => Promise<LogUser | undefined>
    /** Answers 400 where X-User-Token can't be a token, before the body is read. */
    requireTokenForm: onRequestHookHandler
    /** Answers 400 where there is no X-Api-Key, and 403 to everything while there is no API key, before the body is read. */
    requireKeyForm: onRequestHookHandler
    /** Lets in who sends the API key as X-Api-Key. */
    requireApiKey: preHandlerHookHandler
    /** Refuses what a browser sends on behalf of another site. */
    requireSameSite: onRequestHookHandler
    /** Name of the cookie of a browser's session, as this request must send it. */
    sessionCookieOf: (request: import('fastify').FastifyRequest) => string
    /**
     * Given within a second of the end of the caller's right to what is open, with Unauthorized: revoked, disabled, signed out,
     * no administrator any more.
     */
    untilRightEnds: (request: import('fastify').FastifyRequest, reply: import('fastify').FastifyReply) => AbortSignal
    /** Makes a user, or throws Conflict; resolves to their token. */
    registerUser: (user: NewUser) => Promise<{ token: string, created: boolean }>
    /** The random tokens of users. */
    userTokens: UserTokens
  }
}

export interface UserTokens {
  make (token: NewToken): Promise<{ id: number, token: string }>
  list (userId: number): Promise<Token[]>
  /** False when the user has no such token. */
  revoke (userId: number, id: number): Promise<boolean>
}

export interface AuthOptions {
  /** The X-Api-Key that lets a client call POST /create_user and read all users' logs. Default: none, and both are closed. */
  apiKey?: string
  /** Milliseconds that the database may take to say who somebody is, or to make a user or token: then it counts as away. Default 5000. */
  patience?: number
}

/** How often the right to an open answer is asked for again, in milliseconds, and how old an answer to that may be. */
const rightCheckMs = 700
const rightMaxAgeMs = 200

const everyScope: ReadonlySet<Scope> = new Set(scopes)

/**
 * Tells who a caller is, and lets in whom a route's `config.logAccess` says. Failed tries are
 * limited: 10 a minute for a network and user, and some more for a network over all names and tokens, then 429.
 */
export default fp<AuthOptions>(async (app, { apiKey = '', patience = 5000 }) => {
  const users = usersOf(app.logDb)
  const keyAttempts = new Attempts()
  const tokens = tokensOf(app.logDb)
  const keyring = new Keyring({
    store: { ...tokens, findOwner: (hash) => within(patience, tokens.findOwner(hash)) },
    memory: () => app.logSpool.tokens,
    maxWaitMs: patience
  })
  const ask = findTogether((names: readonly string[]) => within(patience, users.findAll(names)))
  // Who comes while a query is silent would wait for that one and for their own.
  const findUser = (name: string) => within(patience, ask(name))
  const memory = () => app.logSpool.users
  const verifier = new Verifier({ find: findUser, memory })
  const trusted = new TrustedUsers(findUser, memory)

  app.decorate('authenticateToken', async (request: FastifyRequest, user: string) => {
    return await verifier.verify(user, userTokenOf(request), request.ip) ?? refuse()
  })

  app.decorate('requireTokenForm', async (request: FastifyRequest) => { userTokenOf(request) })

  app.decorate('authenticatePassword', (request: FastifyRequest, name: string, password: string) => callerOfPassword(request, name, password))
  app.decorate('callerOfToken', callerOfToken)
  app.decorate('trustedUser', (name: string) => trusted.find(name))

  app.decorate('requireKeyForm', async (request: FastifyRequest) => {
    if (apiKey === '') refuse()
    if (header(request, 'x-api-key') === '') throw new BadRequest('header X-Api-Key is missing')
  })

  app.decorate('requireApiKey', async (request: FastifyRequest) => {
    if (!await isApiKey(request, header(request, 'x-api-key'))) refuse()
  })

  app.decorate('requireSameSite', async (request: FastifyRequest) => {
    if (isFromElsewhere(request.headers, request.host)) throw new NotAllowed('this is taken from pages of its own site only')
  })
  app.decorate('sessionCookieOf', ({ protocol, server }: FastifyRequest) => sessionCookie(protocol, server.prefix))

  app.decorate('untilRightEnds', (request: FastifyRequest, reply: FastifyReply) => {
    const ended = new AbortController()
    let timer = setTimeout(check, rightCheckMs)
    reply.raw.once('close', () => clearTimeout(timer))
    return ended.signal

    async function check (): Promise<void> {
      if (!await isStillAllowed(request)) ended.abort(new Unauthorized())
      else if (!reply.raw.closed) timer = setTimeout(check, rightCheckMs)
    }
  })

  app.decorate('registerUser', (user: NewUser) => registerUser({
    find: (name) => within(patience, users.find(name)),
    insert: (user) => within(patience, users.insert(user))
  }, user))
  app.decorate('userTokens', {
    make: (token) => within(patience, makeToken(tokens, token), new DatabaseAway()),
    list: (userId) => within(patience, tokens.list(userId), new DatabaseAway()),
    async revoke (userId, id) {
      const revoked = await within(patience, tokens.revoke(userId, id), new DatabaseAway())
      keyring.forget()
      return revoked
    }
  })

  app.decorateRequest('logCaller')
  const guards = new WeakSet<object>()
  app.addHook('onRoute', (route) => {
    const access = route.config?.logAccess
    if (access === undefined || access === 'public' || access === 'contract') return
    const hooks = [route.onRequest ?? []].flat()
    // A route that is registered again, at another path, is guarded already.
    if (hooks.some((hook) => guards.has(hook))) return
    const guard = requireScope(access)
    guards.add(guard)
    route.onRequest = [guard, ...hooks]
  })

  function requireScope (scope: Scope) {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const user = await callerOf(request, scope)
      if (!user) {
        // A page's own requests must not make the browser ask for a password.
        const mayAsk = ['', 'navigate'].includes(header(request, 'sec-fetch-mode'))
        reply.header('www-authenticate', mayAsk ? ['Bearer', 'Basic realm="LoggerBot", charset="UTF-8"'] : 'Bearer')
        throw new Unauthorized()
      }
      if (!user.scopes.has(scope)) throw new NotAllowed(explainMissing(scope, user))
      request.logCaller = user
    }
  }

  async function callerOf (request: FastifyRequest, scope: Scope, maxAgeMs?: number): Promise<Caller | undefined> {
    const shown = presentedBy(request.headers, app.sessionCookieOf(request))
    switch (shown?.kind) {
      case 'token':
        return callerOfToken(shown.secret, request.ip, maxAgeMs)
      case 'password':
        refuseForeignSites(request, scope)
        return callerOfPassword(request, shown.name, shown.secret, maxAgeMs)
      case 'api key':
        return apiKey !== '' && await isApiKey(request, shown.secret) ? { id: null, name: 'API key', scopes: new Set(['read']), admin: true } : undefined
      case 'session': {
        refuseForeignSites(request, scope)
        const caller = await keyring.find(shown.secret, request.ip, maxAgeMs)
        // Logs come from programs; those of other pages on the same host would be stored in the name of the user.
        return caller && isSession(caller) ? { ...caller, scopes: new Set(['read', 'account']) } : undefined
      }
    }
  }

  /** A session's secret is good as its cookie alone. */
  async function callerOfToken (token: string, address: string, maxAgeMs?: number): Promise<Caller | undefined> {
    const caller = await keyring.find(token, address, maxAgeMs)
    return caller && !isSession(caller) ? caller : undefined
  }

  async function callerOfPassword (request: FastifyRequest, name: string, password: string, maxAgeMs?: number): Promise<Caller | undefined> {
    const user = await verifier.verify(name, contractToken(name, password), request.ip, maxAgeMs)
    return user && { ...user, scopes: everyScope }
  }

  async function isApiKey (request: FastifyRequest, key: string): Promise<boolean> {
    return await keyAttempts.spend(networkOf(request.ip), async () => sameSecret(key, apiKey) || undefined) ?? false
  }

  /** Whether the caller may still do what the request was let in for; true also where nobody can tell for now. */
  async function isStillAllowed (request: FastifyRequest): Promise<boolean> {
    const { logCaller, routeOptions: { config } } = request
    // The API key stays as it is while the process runs.
    if (logCaller.id === null) return true
    const scope = config.logAccess as Scope
    try {
      const caller = await callerOf(request, scope, rightMaxAgeMs)
      return caller?.id === logCaller.id && caller.scopes.has(scope) && caller.admin === logCaller.admin
    } catch (error) {
      return error instanceof Unavailable
    }
  }
}, { name: 'loggerbot-auth', fastify: '5.x', dependencies: ['loggerbot-db'] })

/** Only sessions are made with this scope. */
function isSession ({ scopes }: Caller): boolean {
  return scopes.has('account')
}

/** What a browser sends by itself, a cookie or a password that it remembers, must not change anything for other sites. */
function refuseForeignSites (request: FastifyRequest, scope: Scope): void {
  const changes = scope === 'write' || !['GET', 'HEAD'].includes(request.method)
  if (changes && isFromElsewhere(request.headers, request.host)) throw new NotAllowed('a session or password is good for requests of its own site only')
}

function explainMissing (scope: Scope, { id }: Caller): string {
  if (scope === 'write' && id === null) return 'logs belong to a user: this needs a credential of one'
  return scope === 'account' ? 'this needs a user and password, or a session' : `this needs a token with scope ${scope}`
}

function refuse (): never {
  throw new Forbidden()
}

function userTokenOf (request: FastifyRequest): string {
  const token = header(request, 'x-user-token')
  if (token.length !== 32) throw new BadRequest('header X-User-Token must be 32 characters')
  return token
}

function header (request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
