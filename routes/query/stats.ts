import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BadRequest } from '../../src/errors.ts'
import { BucketChoice } from '../../src/query/bucket-choice.ts'
import { bucketStarts } from '../../src/query/histogram.ts'
import { summarizeNumbers, type StatsRequest } from '../../src/search/stats.ts'
import { bucketParameters, config, groupingOf, Reached, reachedAt, shownIn } from './counting.ts'
import { Outside, policyFor, scopeToRead, scopeParameters, timesOf, viewAnswer } from './request.ts'

const StatsQuery = Type.Object({
  ...scopeParameters,
  ...bucketParameters,
  field: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'pid, or an attribute by its dotted name',
    examples: ['latency']
  })
}, { additionalProperties: false })

const summary = {
  count: Type.Integer({ description: 'logs with a number, or a text that is one' }),
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
  avg: Type.Optional(Type.Number()),
  p50: Type.Optional(Type.Number({ description: 'the smallest number that at least 50 % of all do not exceed' })),
  p95: Type.Optional(Type.Number()),
  p99: Type.Optional(Type.Number())
}

const Stats = Type.Object({
  ...summary,
  missing: Type.Integer({ description: 'logs without a number' }),
  error: Type.Number({
    description: 'the share by which p50, p95 and p99 may be wrong: 0, or, of more than 500,000 numbers, 0.01 or more'
  }),
  interval: Type.Optional(Type.Integer({ description: 'in seconds; with interval or buckets' })),
  buckets: Type.Optional(Type.Array(Type.Object({ at: Type.String(), ...summary }), {
    description: 'the same for each interval, empty ones included; with interval or buckets'
  })),
  complete: Type.Boolean({ description: 'false: the time was over before all logs were read, the newest first' }),
  reached: Reached,
  outside: Type.Optional(Outside),
  ...viewAnswer
})

const stats: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/stats', {
    config,
    schema: {
      tags: ['logs'],
      summary: 'Statistics of a number',
      description: 'Count, bounds, average and percentiles of a field, over all logs and, with interval or buckets, ' +
        'over time. As in the query language, a text that is a number is one. Where there is none, all but ' +
        'the counts are missing.',
      querystring: StatsQuery,
      response: { 200: Stats }
    }
  }, (request, reply) => findStats(app, reply, request.query))
}

export default stats

async function findStats (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof StatsQuery>
): Promise<Static<typeof Stats>> {
  const { logCaller } = reply.request
  const field = numberFieldOf(groupingOf('field', query.field, logCaller))
  const choice = new BucketChoice(query)
  const isSeries = query.interval !== undefined || query.buckets !== undefined
  const days = { from: choice.startOfDay(query.from), to: choice.startOfDay(query.to) }
  const scope = await scopeToRead(app, logCaller, { ...query, ...days })
  return await app.readCounts(reply, async (turn) => {
    const { span, shown, left } = await shownIn(turn, scope)
    const buckets = isSeries ? choice.bucketsOf(span) : undefined
    const starts = buckets && bucketStarts(span, buckets)
    const request = { field, buckets, budgetMs: app.logReaders.searchBudgetMs }
    const found = await summarizeNumbers(turn, shown, request, policyFor(app, scope.filter, turn))
    const series = new Map(found.series.summaries())
    return {
      ...{ count: 0, ...new Map(found.all.summaries()).get(0) },
      missing: found.missing,
      error: Math.max(found.all.error, found.series.error),
      ...buckets && { interval: buckets.interval / 1000 },
      ...starts && { buckets: starts.map(({ bucket, at }) => ({ at, count: 0, ...series.get(bucket) })) },
      complete: found.isComplete,
      ...reachedAt(found.reached),
      ...left,
      ...timesOf(shown)
    }
  }, scope)
}

function numberFieldOf (field: ReturnType<typeof groupingOf>): StatsRequest['field'] {
  if (field === 'pid' || typeof field === 'object') return field
  throw new BadRequest('field must be pid or an attribute', { rule: 'field.no-number', field: 'field' })
}
