import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { NotFound } from '../../src/errors.ts'
import { findContext } from '../../src/search/context.ts'
import { Log, LogId, requestedUserId, scopeParameters, serializeLogs } from './request.ts'

const neighbours = Type.Integer({
  default: 10,
  minimum: 0,
  maximum: 500,
  description: 'a whole number, 0 to 500'
})
const ContextQuery = Type.Object({
  before: neighbours,
  after: neighbours,
  user: scopeParameters.user
}, { additionalProperties: false })

const Context = Type.Object({
  logs: Type.Array(Log),
  complete: Type.Boolean({
    description: 'false: there are more than fit into the answer, about 8 MB, or than were found in time; ' +
      'the nearest come first'
  })
})

const context: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/:id/context', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'A log\'s neighbours',
      description: 'Logs of the same process before and after the log, and the log itself, in the order of time.',
      params: LogId,
      querystring: ContextQuery,
      response: { 200: Context }
    }
  }, async ({ logCaller, params: { id }, query: { before, after, user } }, reply) => {
    const userId = await requestedUserId(app, logCaller, user)
    const context = await app.readLogs(reply, (turn) => (
      findContext(turn, { id, userId }, { before, after }, app.logReaders.searchBudgetMs)
    ))
    if (!context) throw new NotFound()
    return { logs: await serializeLogs(app, logCaller, context.logs), complete: context.isComplete }
  })
}

export default context
