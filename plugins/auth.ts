import fp from 'fastify-plugin'
import { createAuthentication, type Authentication } from '../src/authenticate/authentication.ts'
import { guardRoutes, untilRightEnds } from '../src/http/guard.ts'
import type { Caller, Scope } from '../src/model/caller.ts'
import { disconnect, openCurrent } from '../src/store/connect.ts'
import { credentialsOf } from '../src/store/credentials.ts'
import { sessionsOf, type Session } from '../src/store/sessions.ts'
import { tokensOf, type Token } from '../src/store/tokens.ts'
import { usersOf } from '../src/store/users.ts'

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
  interface FastifyInstance extends Authentication<Token, Session> {
    // Types are imported in place, because the type declarations would lose the import.
    /**
     * Signal that aborts with Unauthorized within a second after the caller lost the right to the open response:
     * token revoked, user disabled, signed out, no administrator any more.
     */
    untilRightEnds: (request: import('fastify').FastifyRequest, reply: import('fastify').FastifyReply) => AbortSignal
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
  // On any node of a cluster, it reads what the others have committed; at its first use it connects.
  const current = openCurrent(app.logDb)
  app.addHook('onClose', () => disconnect(current))
  const { authentication, callerOf, isStillAllowed } = createAuthentication({
    users: { ...usersOf(app.logDb), ...credentialsOf(app.logDb) },
    tokens: tokensOf(app.logDb),
    sessions: sessionsOf(app.logDb),
    current: current && {
      findUsers: (names) => usersOf(current).findAll(names),
      tokens: tokensOf(current),
      sessions: sessionsOf(current)
    },
    memory: () => app.logSpool,
    apiKey,
    timeoutMs
  })
  for (const [name, value] of Object.entries(authentication)) app.decorate(name, value)
  app.decorate('untilRightEnds', (request, reply) => untilRightEnds(reply, async () => {
    const { logCaller, routeOptions: { config } } = request
    return isStillAllowed(request, logCaller, config.logAccess as Scope)
  }))
  app.decorateRequest('logCaller')
  guardRoutes(app, callerOf)
}, { name: 'loggerbot-auth', fastify: '5.x', dependencies: ['loggerbot-db'] })
