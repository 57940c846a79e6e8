import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest, onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import { Attempts } from '../src/authenticate/attempts.ts'
import { Keyring, makeToken, type NewToken } from '../src/authenticate/keyring.ts'
import { isFromElsewhere, presentedBy } from '../src/authenticate/presented.ts'
import { registerUser, type NewUser } from '../src/authenticate/register.ts'
import { findTogether } from '../src/authenticate/together.ts'
import { contractToken, sameSecret } from '../src/authenticate/token.ts'
import { TrustedUsers } from '../src/authenticate/trusted.ts'
import { Verifier } from '../src/authenticate/verifier.ts'
import { BadRequest, Forbidden, NotAllowed, Unauthorized } from '../src/errors.ts'
import { scopes, type Caller, type LogUser, type Scope } from '../src/record.ts'
import { within } from '../src/store/patience.ts'
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
    /** Whose a random token is that comes without a request. Rejects where that is not known and the database is away. */
    callerOfToken: (token: string) => Promise<Caller | undefined>
    /** The user of this name, whom the settings vouch for; undefined where they are disabled. Rejects as above. */
    trustedUser: (name: string) => Promise<LogUser | undefined>
    /** Answers 403 to everything while there is no API key. */
    requireOpenApiKey: onRequestHookHandler
    /** Lets in who sends the API key as X-Api-Key. */
    requireApiKey: preHandlerHookHandler
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
  /** Opens POST /create_user to whoever sends it as X-Api-Key, who is an administrator elsewhere. Default: closed. */
  apiKey?: string
}

/** How long the database may take to say who somebody is, in milliseconds: then it counts as away. */
const lookupPatience = 2000

const everyScope: ReadonlySet<Scope> = new Set(scopes)

/**
 * Tells who a caller is, and lets in whom a route's `config.logAccess` says. Failed tries are
 * limited: 10 a minute for an address and user, then 429.
 */
export default fp<AuthOptions>(async (app, { apiKey = '' }) => {
  const users = usersOf(app.logDb)
  const attempts = new Attempts()
  const tokens = tokensOf(app.logDb)
  const keyring = new Keyring({ ...tokens, findOwner: (hash) => within(lookupPatience, tokens.findOwner(hash)) }, () => app.logSpool.tokens)
  const ask = findTogether((names: readonly string[]) => within(lookupPatience, users.findAll(names)))
  // Who comes while a query is silent would wait for that one and for their own.
  const findUser = (name: string) => within(lookupPatience, ask(name))
  const memory = () => app.logSpool.users
  const verifier = new Verifier(findUser, attempts, memory)
  const trusted = new TrustedUsers(findUser, memory)

  app.decorate('authenticateToken', async (request: FastifyRequest, user: string) => {
    const token = header(request, 'x-user-token')
    if (token.length !== 32) throw new BadRequest('header X-User-Token must be 32 characters')
    return await verifier.verify(user, token, request.ip) ?? refuse()
  })

  app.decorate('authenticatePassword', async (request: FastifyRequest, name: string, password: string) => {
    const user = await verifier.verify(name, contractToken(name, password), request.ip)
    return user && { ...user, scopes: everyScope }
  })

  app.decorate('callerOfToken', (token: string) => keyring.find(token))
  app.decorate('trustedUser', (name: string) => trusted.find(name))

  app.decorate('requireOpenApiKey', async () => {
    if (apiKey === '') refuse()
  })

  app.decorate('requireApiKey', async (request: FastifyRequest) => {
    const key = header(request, 'x-api-key')
    if (key === '') throw new BadRequest('header X-Api-Key is missing')
    await attempts.spend(`${request.ip} X-Api-Key`, async () => sameSecret(key, apiKey) || undefined) ?? refuse()
  })

  app.decorate('registerUser', (user: NewUser) => registerUser(users, user))
  app.decorate('userTokens', {
    make: (token) => makeToken(tokens, token),
    list: tokens.list,
    async revoke (userId, id) {
      const revoked = await tokens.revoke(userId, id)
      keyring.forget()
      return revoked
    }
  })

  app.decorateRequest('logCaller')
  app.addHook('onRoute', (route) => {
    const access = route.config?.logAccess
    if (access === undefined || access === 'public' || access === 'contract') return
    route.onRequest = [requireScope(access), ...[route.onRequest ?? []].flat()]
  })

  function requireScope (scope: Scope) {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const user = await callerOf(request)
      if (!user) {
        // A page's own requests must not make the browser ask for a password.
        const mayAsk = ['', 'navigate'].includes(header(request, 'sec-fetch-mode'))
        reply.header('www-authenticate', mayAsk ? ['Bearer', 'Basic realm="LoggerBot", charset="UTF-8"'] : 'Bearer')
        throw new Unauthorized()
      }
      if (!user.scopes.has(scope)) throw new NotAllowed(scope === 'account' ? 'this needs a user and password, or a session' : `this needs a token with scope ${scope}`)
      // Logs of nobody would be acknowledged, but no table takes them.
      if (scope === 'write' && user.id === null) throw new NotAllowed('logs belong to a user: this needs a credential of one')
      request.logCaller = user
    }
  }

  async function callerOf (request: FastifyRequest): Promise<Caller | undefined> {
    const shown = presentedBy(request.headers)
    switch (shown?.kind) {
      case 'token':
        return keyring.find(shown.secret)
      case 'password':
        return app.authenticatePassword(request, shown.name, shown.secret)
      case 'api key': {
        const isRight = apiKey !== '' && await attempts.spend(`${request.ip} X-Api-Key`, async () => sameSecret(shown.secret, apiKey) || undefined)
        return isRight ? { id: null, name: 'API key', scopes: everyScope, admin: true } : undefined
      }
      case 'session':
        if (!['GET', 'HEAD'].includes(request.method) && isFromElsewhere(request.headers)) throw new NotAllowed('a session is good for requests of its own site only')
        return keyring.find(shown.secret)
    }
  }
}, { name: 'loggerbot-auth', fastify: '5.x', dependencies: ['loggerbot-db'] })

function refuse (): never {
  throw new Forbidden()
}

function header (request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
