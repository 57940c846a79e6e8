import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { AttributeNames } from '../../src/search/attribute-names.ts'
import { sampleLogs } from '../../src/search/sample.ts'
import { timeSpan } from '../../src/search/time-span.ts'
import { config } from './counting.ts'
import { policyFor, scopeToRead, scopeParameters, timesOf, viewAnswer } from './request.ts'

const FieldsQuery = Type.Object({
  ...scopeParameters,
  prefix: Type.Optional(Type.String({
    maxLength: 200,
    description: 'a text of 200 characters at most: only names that begin with it, in any case',
    examples: ['http.']
  }))
}, { additionalProperties: false })

const types = Type.Union(['text', 'number', 'boolean', 'list'].map((type) => Type.Literal(type)))

const Fields = Type.Object({
  fields: Type.Array(Type.Object({
    name: Type.String({ description: 'dotted, as a query finds it', examples: ['http.status'] }),
    types: Type.Array(types),
    count: Type.Integer({ description: 'logs of the sample that have it' }),
    example: Type.String({ description: 'a value as text, of 100 characters at most; of a list its JSON' })
  }), { description: 'the most frequent first, 1000 at most' }),
  sampled: Type.Integer({ description: 'logs of the sample' }),
  more: Type.Optional(Type.Boolean({
    description: 'true: names were left out, because there are too many, or they have more than 200 characters'
  })),
  complete: Type.Boolean({ description: 'false: the time was over before the sample was read' }),
  ...viewAnswer
})

const fields: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/fields', {
    config,
    schema: {
      tags: ['logs'],
      summary: 'Names of attributes',
      description: 'The names of the attributes of matching logs, from a sample: the newest 2000 logs, and 200 of ' +
        'each twentieth of the time before.',
      querystring: FieldsQuery,
      response: { 200: Fields }
    }
  }, (request, reply) => findFields(app, reply, request.query))
}

export default fields

async function findFields (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof FieldsQuery>
): Promise<Static<typeof Fields>> {
  const scope = await scopeToRead(app, reply.request.logCaller, query)
  const { found, sampled, isComplete } = await app.readCounts(reply, async (turn) => {
    const found = new AttributeNames(query.prefix)
    let sampled = 0
    const { span } = await timeSpan(turn, scope)
    const request = { search: { ...scope, order: 'newest' }, span, budgetMs: app.logReaders.searchBudgetMs } as const
    const isComplete = await sampleLogs(turn, request, policyFor(app, scope.filter, turn), ({ attributes }) => {
      sampled++
      if (attributes !== null) found.add(JSON.parse(attributes))
    })
    return { found, sampled, isComplete }
  }, scope)
  return {
    fields: found.names,
    sampled,
    ...found.isCut && { more: true },
    complete: isComplete,
    ...timesOf(scope)
  }
}
