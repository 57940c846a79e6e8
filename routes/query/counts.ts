import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import type { Caller } from '../../src/model/caller.ts'
import { Buckets, startOfDay } from '../../src/query/buckets.ts'
import { fillHistogram, intervalFor } from '../../src/query/histogram.ts'
import { intervalOf } from '../../src/query/instant.ts'
import { zoneOf, zoneRule } from '../../src/query/zone.ts'
import type { Grouping } from '../../src/search/count-request.ts'
import { countLogs } from '../../src/search/counts.ts'
import { timeSpan } from '../../src/search/time-span.ts'
import { Outside, policyFor, requestedScope, scopeParameters } from './request.ts'

const tags = ['logs']
const config = { logAccess: 'read' } as const

const Complete = Type.Boolean({
  description: 'false: the time was over before all logs were counted, the newest first, or values were left out'
})
const Cut = Type.Object({
  names: Type.Integer({
    description: 'number of values given by their first 1000 characters and an …: all that begin alike count together'
  }),
  values: Type.Boolean({ description: 'true: rarer values were left out, because they are too many or too long' })
}, { description: 'missing where nothing is cut' })
const field = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'level, process, description, pid, user (administrators) or an attribute by its dotted name',
  examples: ['level']
})

const HistogramQuery = Type.Object({
  ...scopeParameters,
  interval: Type.Optional(Type.String({
    description: 'a length of time like 30s, 5m, 1h or 1d; by default one that gives 60 intervals at most. ' +
      'Weeks begin on Monday',
    examples: ['1h']
  })),
  tz: Type.Optional(Type.String({
    maxLength: 64,
    description: `${zoneRule}: intervals begin by its clock, and so do from and to where they are days; by default UTC`,
    examples: ['Europe/Berlin']
  })),
  by: Type.Optional(field)
}, { additionalProperties: false })

const Bucket = Type.Object({
  at: Type.String(),
  count: Type.Integer(),
  by: Type.Optional(Type.Record(Type.String(), Type.Integer()))
})
const Histogram = Type.Object({
  interval: Type.Integer({ description: 'in seconds' }),
  buckets: Type.Array(Bucket),
  complete: Complete,
  cut: Type.Optional(Cut),
  outside: Type.Optional(Outside)
})

const ValuesQuery = Type.Object({
  ...scopeParameters,
  field,
  limit: Type.Integer({ default: 20, minimum: 1, maximum: 1000, description: 'a whole number, 1 to 1000' })
}, { additionalProperties: false })
const Values = Type.Object({
  values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
  complete: Complete,
  cut: Type.Optional(Cut)
})

const counts: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/histogram', {
    config,
    schema: {
      tags,
      summary: 'Count over time',
      description: 'The number of logs in each interval, empty ones included. Without from and to, where there are ' +
        'logs of about now, times far from now are left out, and counted in outside.',
      querystring: HistogramQuery,
      response: { 200: Histogram }
    }
  }, (request, reply) => countOverTime(app, reply, request.query))

  app.get('/api/logs/values', {
    config,
    schema: {
      tags,
      summary: 'The most frequent values of a field',
      querystring: ValuesQuery,
      response: { 200: Values }
    }
  }, (request, reply) => countValues(app, reply, request.query))
}

export default counts

async function countOverTime (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof HistogramQuery>
): Promise<Static<typeof Histogram>> {
  const { logCaller } = reply.request
  const by = query.by === undefined ? undefined : groupingOf('by', query.by, logCaller)
  const zone = query.tz === undefined ? undefined : zoneOf('tz', query.tz)
  const dayStart = (text?: string) => text === undefined || zone === undefined ? text : startOfDay(text, zone)
  const scope = await requestedScope(app, logCaller, { ...query, from: dayStart(query.from), to: dayStart(query.to) })
  const requestedMs = query.interval === undefined ? undefined : intervalOf('interval', query.interval)
  return await app.readCounts(reply, async (turn) => {
    const { span, outside } = await timeSpan(turn, { ...scope, now: app.logWriter.now })
    const intervalMs = requestedMs ?? intervalFor(span)
    const buckets = new Buckets(intervalMs, span, zone)
    const shown = {
      ...scope,
      ...outside.before > 0 && { from: span.from },
      ...outside.after > 0 && { to: span.to }
    }
    const request = { by, buckets, budgetMs: app.logReaders.searchBudgetMs }
    const { counts, isComplete, cut } = await countLogs(turn, shown, request, policyFor(app, scope.filter, turn))
    return {
      interval: intervalMs / 1000,
      buckets: fillHistogram(span, buckets, counts, by !== undefined),
      complete: isComplete,
      cut,
      ...outside.before + outside.after > 0 && { outside }
    }
  })
}

async function countValues (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof ValuesQuery>
): Promise<Static<typeof Values>> {
  const { logCaller } = reply.request
  const by = groupingOf('field', query.field, logCaller)
  const scope = await requestedScope(app, logCaller, query)
  const { counts, isComplete, cut } = await app.readCounts(reply, (turn) => (
    countLogs(turn, scope, { by, budgetMs: app.logReaders.searchBudgetMs }, policyFor(app, scope.filter, turn))
  ))
  const values = counts
    .flatMap(({ value, count }) => value === null ? [] : [{ value, count }])
    .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1))
  return { values: values.slice(0, query.limit), complete: isComplete, cut }
}

/** Fields of a log that are no attributes. */
const ownFields = ['level', 'process', 'description', 'pid', 'user'] as const

function groupingOf (parameter: string, name: string, caller: Caller): Grouping {
  if (name === 'message') {
    const fault = { rule: 'field.message', field: parameter } as const
    throw new BadRequest(`${parameter} must be a field other than message`, fault)
  }
  if (name === 'user' && !caller.admin) throw new NotAllowed(`${parameter}: only administrators count by user`)
  return ownFields.find((field) => field === name) ?? { path: name.split('.') }
}
