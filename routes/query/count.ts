import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { countLogs } from '../../src/search/counts.ts'
import { config } from './counting.ts'
import { policyFor, scopeToRead, scopeParameters, timesOf, viewAnswer } from './request.ts'

const Count = Type.Object({
  count: Type.Integer({ description: 'number of logs', examples: [1234] }),
  complete: Type.Boolean({ description: 'false: the time was over, and there may be more' }),
  ...viewAnswer
})

const count: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/count', {
    config,
    schema: {
      tags: ['logs'],
      summary: 'Count',
      description: 'The number of matching logs.',
      querystring: Type.Object(scopeParameters, { additionalProperties: false }),
      response: { 200: Count }
    }
  }, async ({ logCaller, query }, reply) => {
    const scope = await scopeToRead(app, logCaller, query)
    const { counts, isComplete } = await app.readCounts(reply, (turn) => (
      countLogs(turn, scope, { budgetMs: app.logReaders.searchBudgetMs }, policyFor(app, scope.filter, turn))
    ), scope)
    return { count: counts.reduce((sum, { count }) => sum + count, 0), complete: isComplete, ...timesOf(scope) }
  })
}

export default count
