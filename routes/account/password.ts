import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { word } from '../../src/decode/contract.ts'
import { NotAllowed } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'

const Change = Type.Object({
  password: Type.String({ maxLength: 100, description: 'the current password' }),
  new: word
}, { additionalProperties: false, description: 'an object' })

const description = 'All other sessions end; the current one stays, and so do random tokens. The token of POST ' +
  '/send_logs, md5(user + password), changes as well: the old one is refused within a second, on every instance. ' +
  'Wrong passwords are limited as when signing in.'

const password: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/api/password', {
    config: { logAccess: 'account' },
    schema: {
      tags: ['account'],
      summary: 'Change your password',
      description,
      body: Change,
      response: { 204: Type.Null() }
    }
  }, async (request, reply) => {
    const { name, sessionId } = requireUser(request.logCaller)
    const { password: current, new: password } = request.body
    // For its limit on attempts.
    if (!await app.authenticatePassword(request, name, current)) {
      throw new NotAllowed('password must be the current password')
    }
    await app.changePassword({ name, password, current, keepSessionId: sessionId, by: actorOf(request) })
    return reply.code(204).send(null)
  })
}

export default password
