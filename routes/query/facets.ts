import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { countFacets } from '../../src/search/facets.ts'
import { config, field, groupingOf, Reached, reachedAt } from './counting.ts'
import { policyFor, scopeToRead, scopeParameters, timesOf, viewAnswer } from './request.ts'

const FacetsQuery = Type.Object({
  ...scopeParameters,
  field: Type.Union([field, Type.Array(field, { minItems: 1, maxItems: 10 })], {
    description: '1 to 10 fields, each as in /api/logs/values: field=level&field=http.status'
  }),
  top: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 100,
    description: 'a whole number, 1 to 100: values of each field, the most frequent first'
  })
}, { additionalProperties: false })

const Facet = Type.Object({
  field: Type.String(),
  values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() }), {
    description: 'the most frequent first; a value of more than 1000 characters is cut, and ends with …'
  }),
  rest: Type.Integer({ description: 'logs with other values' }),
  missing: Type.Integer({ description: 'logs without a value: none, null, an object or a list' }),
  distinct: Type.Integer({ description: 'number of different values' }),
  more: Type.Optional(Type.Boolean({
    description: 'true: there are more than distinct, which are too many or too long to tell apart (10,000 values, ' +
      '1 MB). The counts are exact, but a frequent value that was first found late is in rest'
  }))
})

const Facets = Type.Object({
  facets: Type.Array(Facet, { description: 'in the order of the parameters' }),
  complete: Type.Boolean({ description: 'false: the time was over before all logs were counted, the newest first' }),
  reached: Reached,
  ...viewAnswer
})

const facets: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/facets', {
    config,
    schema: {
      tags: ['logs'],
      summary: 'The most frequent values of several fields',
      description: 'Reads the logs once for all fields. The counts of a field\'s values, `rest` and `missing` add up ' +
        'to the number of logs counted.',
      querystring: FacetsQuery,
      response: { 200: Facets }
    }
  }, (request, reply) => findFacets(app, reply, request.query))
}

export default facets

async function findFacets (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof FacetsQuery>
): Promise<Static<typeof Facets>> {
  const { logCaller } = reply.request
  const names = [query.field].flat()
  const fields = names.map((name) => groupingOf('field', name, logCaller))
  const scope = await scopeToRead(app, logCaller, query)
  const { counts, isComplete, reached } = await app.readCounts(reply, (turn) => (
    countFacets(
      turn, scope, { fields, budgetMs: app.logReaders.searchBudgetMs }, policyFor(app, scope.filter, turn)
    )
  ), scope)
  return {
    facets: counts.map((values, index) => {
      const { isExact, ...facet } = values.rank(query.top)
      return { field: names[index] ?? '', ...facet, ...!isExact && { more: true } }
    }),
    complete: isComplete,
    ...reachedAt(reached),
    ...timesOf(scope)
  }
}
