import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import { Attempts } from '../src/authenticate/attempts.ts'
import { registerUser, type NewUser } from '../src/authenticate/register.ts'
import { sameSecret } from '../src/authenticate/token.ts'
import { Verifier } from '../src/authenticate/verifier.ts'
import { BadRequest, Forbidden } from '../src/errors.ts'
import type { LogUser } from '../src/record.ts'
import { within } from '../src/store/patience.ts'
import { usersOf } from '../src/store/users.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Whose the request's X-User-Token is, if it is the named user's; else throws BadRequest, Forbidden or TooManyAttempts. */
    // Spelled out, because the type declarations would lose the import.
    authenticateToken: (request: import('fastify').FastifyRequest, user: string) => Promise<LogUser>
    /** Answers 403 to everything while there is no API key. */
    requireOpenApiKey: onRequestHookHandler
    /** Lets in who sends the API key as X-Api-Key. */
    requireApiKey: preHandlerHookHandler
    /** Makes a user, or throws Conflict; resolves to their token. */
    registerUser: (user: NewUser) => Promise<{ token: string, created: boolean }>
  }
}

export interface AuthOptions {
  /** Opens POST /create_user to whoever sends it as X-Api-Key. Default: closed. */
  apiKey?: string
}

/** How long the database may take to say who somebody is, in milliseconds: then it counts as away. */
const lookupPatience = 2000

/** Tells who a caller is. Failed tries are limited: 10 a minute for an address and user, then 429. */
export default fp<AuthOptions>(async (app, { apiKey = '' }) => {
  const users = usersOf(app.logDb)
  const attempts = new Attempts()
  const verifier = new Verifier(
    (name) => within(lookupPatience, users.find(name)),
    attempts,
    () => app.logSpool.users
  )

  app.decorate('authenticateToken', async (request: FastifyRequest, user: string) => {
    const token = header(request, 'x-user-token')
    if (token.length !== 32) throw new BadRequest('header X-User-Token must be 32 characters')
    return await verifier.verify(user, token, request.ip) ?? refuse()
  })

  app.decorate('requireOpenApiKey', async () => {
    if (apiKey === '') refuse()
  })

  app.decorate('requireApiKey', async (request: FastifyRequest) => {
    const key = header(request, 'x-api-key')
    if (key === '') throw new BadRequest('header X-Api-Key is missing')
    await attempts.spend(`${request.ip} X-Api-Key`, async () => sameSecret(key, apiKey) || undefined) ?? refuse()
  })

  app.decorate('registerUser', (user: NewUser) => registerUser(users, user))
}, { name: 'loggerbot-auth', fastify: '5.x', dependencies: ['loggerbot-db'] })

function refuse (): never {
  throw new Forbidden()
}

function header (request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
