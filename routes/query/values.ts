import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { countValues } from '../../src/search/values.ts'
import { Complete, config, Cut, field, groupingOf } from './counting.ts'
import { policyFor, scopeToRead, scopeParameters, timesOf, viewAnswer } from './request.ts'

const ValuesQuery = Type.Object({
  ...scopeParameters,
  field,
  prefix: Type.Optional(Type.String({
    maxLength: 200,
    description: 'a text of 200 characters at most: only values that begin with it, in any case',
    examples: ['bill']
  })),
  limit: Type.Integer({ default: 20, minimum: 1, maximum: 1000, description: 'a whole number, 1 to 1000' })
}, { additionalProperties: false })

const Values = Type.Object({
  values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() }), {
    description: 'the most frequent first'
  }),
  complete: Complete,
  cut: Type.Optional(Cut),
  ...viewAnswer
})

const values: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/values', {
    config,
    schema: {
      tags: ['logs'],
      summary: 'The most frequent values of a field',
      description: 'With `prefix`, the values with which a text that somebody types can go on.',
      querystring: ValuesQuery,
      response: { 200: Values }
    }
  }, (request, reply) => findValues(app, reply, request.query))
}

export default values

async function findValues (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof ValuesQuery>
): Promise<Static<typeof Values>> {
  const { logCaller } = reply.request
  const request = {
    by: groupingOf('field', query.field, logCaller),
    prefix: query.prefix,
    budgetMs: app.logReaders.searchBudgetMs
  }
  const scope = await scopeToRead(app, logCaller, query)
  const { values, isComplete, cut } = await app.readCounts(reply, (turn) => (
    countValues(turn, scope, request, (filter) => policyFor(app, filter, turn))
  ), scope)
  return { values: values.slice(0, query.limit), complete: isComplete, cut, ...timesOf(scope) }
}
