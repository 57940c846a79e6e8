import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import { stringifySetCookie, type SerializeOptions } from 'cookie'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { NotAllowed, Unauthorized } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import type { Scope, UserCaller } from '../../src/model/caller.ts'
import { idleSessionDays, maxSessionDays } from '../../src/store/sessions.ts'

const tags = ['account']
/** A page searches logs and manages the account. It sends none: other pages of the host could, by its cookie. */
const scopes: Scope[] = ['read', 'account']
/** The same for a page that signed in with a token, which manages no account. */
const tokenScopes: Scope[] = ['read']

const Identity = Type.Object({
  user: Type.String(),
  admin: Type.Boolean(),
  scopes: Type.Array(Type.String(), { examples: [scopes] })
})
const PasswordLogin = Type.Object({
  user: Type.String({ maxLength: 100 }),
  password: Type.String({ maxLength: 100 })
}, { additionalProperties: false, description: 'an object' })
const TokenLogin = Type.Object({ token: Type.String({ maxLength: 100, examples: ['lb_…'] }) }, {
  additionalProperties: false, description: 'an object'
})
const Login = Type.Union([PasswordLogin, TokenLogin], {
  description: 'an object with user and password, or with token'
})

const signInDescription = 'Sets a cookie. The session has the scopes `read` and `account`; with a token, which must ' +
  'have the scope `read`, only `read`, and it ends when the token is revoked or expires. Each session ends after ' +
  `${idleSessionDays} days without use, and after ${maxSessionDays} days in any case.`

const session: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/session', {
    config: { logAccess: 'read' },
    schema: { tags, summary: 'Who am I?', response: { 200: Identity } }
  }, async ({ logCaller: { name, admin, scopes } }) => {
    return { user: name, admin, scopes: [...scopes] }
  })

  app.post('/api/session', {
    config: { logAccess: 'public' },
    onRequest: app.requireSameSite,
    schema: { tags, summary: 'Sign in', description: signInDescription, body: Login, response: { 200: Identity } }
  }, async (request, reply) => {
    const { id, name, admin, tokenId } = await callerOf(app, request, request.body)
    const granted = tokenId === undefined ? scopes : tokenScopes
    const { ip: address, headers: { 'user-agent': userAgent = '' } } = request
    const secret = await app.userSessions.begin(
      { userId: id, tokenId, scopes: granted, address, userAgent }, { name, address })
    const cookie = { ...cookieOptions(request), maxAge: maxSessionDays * 86_400 }
    reply.header('set-cookie', stringifySetCookie(app.sessionCookieOf(request), secret, cookie))
    return { user: name, admin, scopes: granted }
  })

  app.delete('/api/session', {
    config: { logAccess: 'read' },
    schema: { tags, summary: 'Sign out', response: { 204: Type.Null() } }
  }, async (request, reply) => {
    const { id, sessionId } = requireUser(request.logCaller)
    if (sessionId === undefined) throw new NotAllowed('this needs the cookie of a session')
    await app.userSessions.end(id, sessionId, actorOf(request))
    reply.header('set-cookie', clearedCookie(app, request))
    return reply.code(204).send(null)
  })
}

export default session

/** The user who signs in. Throws Unauthorized, and NotAllowed for a token that may not read. */
async function callerOf (
  app: FastifyInstance, request: FastifyRequest, login: Static<typeof Login>
): Promise<UserCaller> {
  const caller = 'token' in login
    ? await app.callerOfToken(login.token, request.ip)
    : await app.authenticatePassword(request, login.user, login.password)
  if (!caller) throw new Unauthorized()
  if (!caller.scopes.has('read')) throw new NotAllowed('token must have the scope read')
  return caller
}

/** The value of Set-Cookie at which the browser forgets its session. */
export function clearedCookie (app: FastifyInstance, request: FastifyRequest): string {
  return stringifySetCookie(app.sessionCookieOf(request), '', { ...cookieOptions(request), maxAge: 0 })
}

function cookieOptions ({ protocol, server }: FastifyRequest): SerializeOptions {
  return { httpOnly: true, sameSite: 'strict', secure: protocol === 'https', path: server.prefix || '/' }
}
