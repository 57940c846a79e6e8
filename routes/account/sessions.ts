import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import { NotFound } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { idleSessionDays, maxSessionDays, type Session } from '../../src/store/sessions.ts'
import { clearedCookie } from './session.ts'

const tags = ['account']
const config = { logAccess: 'account' } as const

const Time = Type.String({ examples: ['2026-11-24T09:30:00.000000Z'] })

const Listed = Type.Object({
  id: Type.Integer(),
  created: Time,
  last_used: Type.String({ description: 'to the minute', examples: ['2026-11-24T09:30:00.000000Z'] }),
  expires: Type.String({
    description: `unless it is used before: each use within ${idleSessionDays} days prolongs it, ` +
      `up to ${maxSessionDays} days after it was begun`,
    examples: ['2026-12-24T09:30:00.000000Z']
  }),
  address: Type.String({ description: 'network address from which it was begun', examples: ['192.0.2.1'] }),
  user_agent: Type.String({ description: 'how the browser describes itself, up to 200 characters' }),
  token: Type.Union([Type.Integer(), Type.Null()], {
    description: 'id of the token that it was begun with, and ends with; null: it was begun with the password'
  }),
  current: Type.Boolean({ description: 'whether it is the session of this request' })
})
const List = Type.Object({ sessions: Type.Array(Listed, { description: 'oldest first, 100 at most' }) })
const Id = Type.Object({
  id: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'the number of a session' })
})
const Which = Type.Object({
  all: Type.Boolean({ default: false, description: 'true or false: whether the current session ends, too' })
}, { additionalProperties: false })
const Ended = Type.Object({ ended: Type.Integer({ description: 'the number of sessions that ended' }) })

const sessions: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/sessions', {
    config,
    schema: { tags, summary: 'List your sessions', response: { 200: List } }
  }, async ({ logCaller }) => {
    const { id, sessionId } = requireUser(logCaller)
    return { sessions: (await app.userSessions.list(id)).map((session) => listedOf(session, sessionId)) }
  })

  app.delete('/api/sessions', {
    config,
    schema: {
      tags,
      summary: 'Sign out everywhere else',
      description: 'Ends all of your sessions except that of this request; with `all=true` also that one.',
      querystring: Which,
      response: { 200: Ended }
    }
  }, async (request, reply) => {
    const { id, sessionId } = requireUser(request.logCaller)
    const { all } = request.query
    const ended = await app.userSessions.endAll(id, all ? undefined : sessionId, actorOf(request))
    if (all) reply.header('set-cookie', clearedCookie(app, request))
    return { ended }
  })

  app.delete('/api/sessions/:id', {
    config,
    schema: {
      tags,
      summary: 'End a session',
      description: 'It is refused within a second, on every instance.',
      params: Id,
      response: { 204: Type.Null() }
    }
  }, async (request, reply) => {
    const { id } = requireUser(request.logCaller)
    if (!await app.userSessions.end(id, request.params.id, actorOf(request))) throw new NotFound()
    return reply.code(204).send(null)
  })
}

export default sessions

function listedOf (session: Session, currentId: number | undefined): Static<typeof Listed> {
  const { id, tokenId, createdAt, lastUsedAt, expiresAt, address, userAgent } = session
  return {
    id,
    created: isoTime(createdAt),
    last_used: isoTime(lastUsedAt),
    expires: isoTime(expiresAt),
    address,
    user_agent: userAgent,
    token: tokenId,
    current: id === currentId
  }
}
