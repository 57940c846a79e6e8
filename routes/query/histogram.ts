import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BadRequest } from '../../src/errors.ts'
import { BucketChoice } from '../../src/query/bucket-choice.ts'
import { fillHistogram } from '../../src/query/histogram.ts'
import { countLogs } from '../../src/search/counts.ts'
import { bucketParameters, Complete, config, Cut, field, groupingOf, Reached, reachedAt, shownIn } from './counting.ts'
import { Outside, policyFor, scopeToRead, scopeParameters, timesOf, viewAnswer } from './request.ts'

const HistogramQuery = Type.Object({
  ...scopeParameters,
  ...bucketParameters,
  by: Type.Optional(field),
  top: Type.Optional(Type.Integer({
    minimum: 1,
    maximum: 100,
    description: 'a whole number, 1 to 100: gives only the most frequent values of by, and counts the others in rest'
  }))
}, { additionalProperties: false })

const Bucket = Type.Object({
  at: Type.String({ description: 'when it begins, which for the first may be before from' }),
  count: Type.Integer(),
  by: Type.Optional(Type.Record(Type.String(), Type.Integer(), { description: 'logs by their value' })),
  rest: Type.Optional(Type.Integer({ description: 'logs with other values than the most frequent' }))
})

const Histogram = Type.Object({
  interval: Type.Integer({ description: 'in seconds' }),
  buckets: Type.Array(Bucket),
  complete: Complete,
  reached: Reached,
  cut: Type.Optional(Cut),
  outside: Type.Optional(Outside),
  ...viewAnswer
})

const histogram: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/histogram', {
    config,
    schema: {
      tags: ['logs'],
      summary: 'Count over time',
      description: 'The number of logs in each interval, empty ones included; by default there are 61 at most. ' +
        'Without from and to, where there are logs of about now, times far from now are left out, and counted in ' +
        'outside.',
      querystring: HistogramQuery,
      response: { 200: Histogram }
    }
  }, (request, reply) => countOverTime(app, reply, request.query))
}

export default histogram

async function countOverTime (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof HistogramQuery>
): Promise<Static<typeof Histogram>> {
  const { logCaller } = reply.request
  if (query.top !== undefined && query.by === undefined) {
    throw new BadRequest('by is missing, which top needs', { rule: 'parameter.missing', field: 'by' })
  }
  const by = query.by === undefined ? undefined : groupingOf('by', query.by, logCaller)
  const choice = new BucketChoice(query)
  const days = { from: choice.startOfDay(query.from), to: choice.startOfDay(query.to) }
  const scope = await scopeToRead(app, logCaller, { ...query, ...days })
  return await app.readCounts(reply, async (turn) => {
    const { span, shown, left } = await shownIn(turn, scope)
    const buckets = choice.bucketsOf(span)
    const request = { by, buckets, budgetMs: app.logReaders.searchBudgetMs }
    const policy = policyFor(app, scope.filter, turn)
    const { counts, isComplete, reached, cut } = await countLogs(turn, shown, request, policy)
    return {
      interval: buckets.interval / 1000,
      buckets: fillHistogram(span, buckets, counts, by && { top: query.top }),
      complete: isComplete,
      ...reachedAt(reached),
      cut,
      ...left,
      ...timesOf(shown)
    }
  }, scope)
}
