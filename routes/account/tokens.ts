import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { BadRequest, NotAllowed, NotFound } from '../../src/errors.ts'
import type { Caller } from '../../src/model/caller.ts'
import { titlePattern, titleRule } from '../../src/model/name.ts'
import { onceOf, onceRule, writeOnce } from '../../src/query/once.ts'
import { isoTime } from '../../src/query/api-log.ts'
import type { Token } from '../../src/store/tokens.ts'

const tags = ['account']
const config = { logAccess: 'account' } as const

const Scopes = Type.Array(Type.Union([Type.Literal('read'), Type.Literal('write')]), { minItems: 1, uniqueItems: true, description: 'a list of read, write or both', examples: [['read']] })
const Name = Type.String({ pattern: titlePattern, description: titleRule, examples: ['billing worker'] })
const Once = Type.String({ description: onceRule, examples: ['10m'] })
const Time = Type.Union([Type.String(), Type.Null()], { examples: ['2026-11-24T09:30:00.000000Z'] })

const Listed = Type.Object({
  tokens: Type.Array(Type.Object({ id: Type.Integer(), name: Type.String(), scopes: Type.Array(Type.String()), created: Time, last_used: Time, expires: Time, once: Type.Union([Once, Type.Null()]) }))
}, { description: 'The tokens that are good, browser sessions included; never their secrets' })

const tokens: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/tokens', { config, schema: { tags, summary: 'List your tokens', response: { 200: Listed } } }, async ({ logCaller }) => {
    return { tokens: (await app.userTokens.list(userIdOf(logCaller))).map(present) }
  })

  app.post('/api/tokens', {
    config,
    schema: {
      tags,
      summary: 'Make a token',
      description: 'The answer is the only time that the token is shown. With `once`, each log that was sent with the token within that time is not stored again when it is sent again, in whatever batch: for shippers that regroup what they send again. Logs whose time, message and all else are equal, in two requests, then count as one.',
      body: Type.Object({ name: Name, scopes: Scopes, once: Type.Optional(Once) }, { additionalProperties: false, description: 'an object' }),
      response: { 201: Type.Object({ id: Type.Integer(), token: Type.String({ examples: ['lb_…'] }) }) }
    }
  }, async ({ logCaller, body: { name, scopes, once } }, reply) => {
    const onceMs = once === undefined ? undefined : onceOf('once', once)
    if (once !== undefined && !scopes.includes('write')) throw new BadRequest('once is for tokens that send logs: scopes must hold write')
    return reply.code(201).send(await app.userTokens.make({ userId: userIdOf(logCaller), name, scopes, onceMs }))
  })

  app.delete('/api/tokens/:id', {
    config,
    schema: {
      tags,
      summary: 'Revoke a token',
      description: 'It is good for nothing within a second, on every instance.',
      params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'the number of a token' }) }),
      response: { 204: Type.Null() }
    }
  }, async ({ logCaller, params: { id } }, reply) => {
    if (!await app.userTokens.revoke(userIdOf(logCaller), id)) throw new NotFound()
    return reply.code(204).send(null)
  })
}

export default tokens

function userIdOf ({ id }: Caller): number {
  if (id === null) throw new NotAllowed('the API key is nobody\'s: it has no tokens')
  return id
}

function present ({ id, name, scopes, createdAt, lastUsedAt, expiresAt, onceMs }: Token) {
  return { id, name, scopes, created: isoTime(createdAt), last_used: lastUsedAt && isoTime(lastUsedAt), expires: expiresAt && isoTime(expiresAt), once: onceMs === null ? null : writeOnce(onceMs) }
}
