import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { stringifySetCookie, type SerializeOptions } from 'cookie'
import type { FastifyRequest } from 'fastify'
import { Unauthorized } from '../../src/errors.ts'
import { requireUser } from '../../src/http/guard.ts'
import type { Scope } from '../../src/model/caller.ts'

const tags = ['account']
const days = 30
/** A page searches logs and manages the account; it sends no logs. */
const scopes: Scope[] = ['read', 'account']

const Identity = Type.Object({ user: Type.String(), admin: Type.Boolean(), scopes: Type.Array(Type.String()) })
const Login = Type.Object({
  user: Type.String({ maxLength: 100 }),
  password: Type.String({ maxLength: 100 })
}, { description: 'an object' })

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
    schema: {
      tags,
      summary: 'Sign in',
      description: `Sets a cookie that is valid for ${days} days.`,
      body: Login,
      response: { 200: Identity }
    }
  }, async (request, reply) => {
    const { user, password } = request.body
    const caller = await app.authenticatePassword(request, user, password)
    if (!caller) throw new Unauthorized()
    const expires = Date.now() + days * 24 * 60 * 60 * 1000
    const { token } = await app.userTokens.make({ userId: caller.id, name: 'browser session', scopes, expires })
    const cookie = { ...cookieOptions(request), expires: new Date(expires) }
    reply.header('set-cookie', stringifySetCookie(app.sessionCookieOf(request), token, cookie))
    return { user: caller.name, admin: caller.admin, scopes }
  })

  app.delete('/api/session', {
    config: { logAccess: 'account' },
    schema: { tags, summary: 'Sign out', response: { 204: Type.Null() } }
  }, async (request, reply) => {
    const { id, tokenId } = requireUser(request.logCaller)
    if (tokenId !== undefined) await app.userTokens.revoke(id, tokenId)
    const cookie = { ...cookieOptions(request), maxAge: 0 }
    reply.header('set-cookie', stringifySetCookie(app.sessionCookieOf(request), '', cookie))
    return reply.code(204).send(null)
  })
}

export default session

function cookieOptions ({ protocol, server }: FastifyRequest): SerializeOptions {
  return { httpOnly: true, sameSite: 'strict', secure: protocol === 'https', path: server.prefix || '/' }
}
