import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import { BadRequest, NotFound } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import { titlePattern, titleRule } from '../../src/model/name.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { expiryOf, expiryRule } from '../../src/query/expiry.ts'
import { onceOf, onceRule, writeOnce } from '../../src/query/once.ts'
import { databaseNow } from '../../src/store/clock-doubt.ts'
import type { Token } from '../../src/store/tokens.ts'

const tags = ['account']
const config = { logAccess: 'account' } as const

const Scopes = Type.Array(Type.Union([Type.Literal('read'), Type.Literal('write')]), {
  minItems: 1, uniqueItems: true, description: 'a list of read, write or both', examples: [['read']]
})
const Name = Type.String({ pattern: titlePattern, description: titleRule, examples: ['billing worker'] })
const Once = Type.String({ description: onceRule, examples: ['10m'] })
const Expires = Type.String({ description: expiryRule, examples: ['30d'] })
const Time = Type.Union([Type.String(), Type.Null()], { examples: ['2026-11-24T09:30:00.000000Z'] })

const Listed = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  created: Time,
  last_used: Time,
  expires: Time,
  once: Type.Union([Once, Type.Null()])
})
const List = Type.Object({ tokens: Type.Array(Listed) }, {
  description: 'The valid tokens; never their secrets'
})
const Asked = Type.Object({
  name: Name, scopes: Scopes, expires: Type.Optional(Expires), once: Type.Optional(Once)
}, { additionalProperties: false, description: 'an object' })
const Made = Type.Object({ id: Type.Integer(), token: Type.String({ examples: ['lb_…'] }) })
const Id = Type.Object({
  id: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'the number of a token' })
})

const description = 'This response is the only one that shows the token. It never expires, unless `expires` says ' +
  'when, by the database\'s clock. With `once`, a log that was sent with ' +
  'the token within that time is not stored a second time, whatever batch it comes in: for shippers that regroup ' +
  'logs when they retry. Two logs with the same time, message and other fields, in two requests, then count as one.'

const tokens: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/tokens', {
    config,
    schema: { tags, summary: 'List your tokens', response: { 200: List } }
  }, async ({ logCaller }) => {
    return { tokens: (await app.userTokens.list(requireUser(logCaller).id)).map(listedOf) }
  })

  app.post('/api/tokens', {
    config,
    schema: { tags, summary: 'Make a token', description, body: Asked, response: { 201: Made } }
  }, async (request, reply) => {
    const { name, scopes, expires, once } = request.body
    const onceMs = once === undefined ? undefined : onceOf('once', once)
    if (once !== undefined && !scopes.includes('write')) {
      const fault = { rule: 'parameter.conflict', field: 'once' } as const
      throw new BadRequest('once is for tokens that send logs: scopes must include write', fault)
    }
    const { id: userId } = requireUser(request.logCaller)
    const expiresAt = expires === undefined
      ? undefined
      : expiryOf('expires', expires, await app.logReaders.awaitDatabase(databaseNow(app.logDb)))
    const token = { userId, name, scopes, expiresAt, onceMs }
    return reply.code(201).send(await app.userTokens.make(token, actorOf(request)))
  })

  app.delete('/api/tokens/:id', {
    config,
    schema: {
      tags,
      summary: 'Revoke a token',
      description: 'It is refused within a second, on every instance.',
      params: Id,
      response: { 204: Type.Null() }
    }
  }, async (request, reply) => {
    const { id: userId } = requireUser(request.logCaller)
    if (!await app.userTokens.revoke(userId, request.params.id, actorOf(request))) throw new NotFound()
    return reply.code(204).send(null)
  })
}

export default tokens

function listedOf ({ id, name, scopes, createdAt, lastUsedAt, expiresAt, onceMs }: Token): Static<typeof Listed> {
  return {
    id,
    name,
    scopes,
    created: isoTime(createdAt),
    last_used: lastUsedAt && isoTime(lastUsedAt),
    expires: expiresAt && isoTime(expiresAt),
    once: onceMs === null ? null : writeOnce(onceMs)
  }
}
