import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { BadRequest, NotAllowed } from '../../src/errors.ts'
import { Buckets, startOfDay } from '../../src/query/buckets.ts'
import { fillHistogram, intervalFor } from '../../src/query/histogram.ts'
import { intervalOf } from '../../src/query/instant.ts'
import { zoneOf, zoneRule } from '../../src/query/zone.ts'
import type { Caller } from '../../src/model/caller.ts'
import { countLogs, type Grouping } from '../../src/search/counts.ts'
import { timeSpan } from '../../src/search/time-span.ts'
import { Outside, scopeOf, what } from './request.ts'

const tags = ['logs']
const config = { logAccess: 'read' } as const

const Complete = Type.Boolean({ description: 'false: the time was over before all were counted, the newest first, or values were left out' })
const Cut = Type.Object({
  names: Type.Integer({ description: 'values given by their first 1000 characters and an …: all that begin so count together' }),
  values: Type.Boolean({ description: 'true: rarer values were left out, there are too many or they are too long' })
}, { description: 'missing where nothing is cut' })
const field = Type.String({ minLength: 1, maxLength: 200, description: 'level, process, description, pid, user (administrators) or an attribute by its dotted name', examples: ['level'] })

const counts: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/histogram', {
    config,
    schema: {
      tags,
      summary: 'Count over time',
      description: 'How many logs there are in each interval, empty ones included. Without from and to, where there are logs of about now, times far from it are left out, and told as outside.',
      querystring: Type.Object({
        ...what,
        interval: Type.Optional(Type.String({ description: 'a length of time like 30s, 5m, 1h or 1d; by default such that there are 60 at most. Weeks begin on Monday', examples: ['1h'] })),
        tz: Type.Optional(Type.String({ maxLength: 64, description: `${zoneRule}: intervals begin by its clock, and so do from and to where they are days; by default UTC`, examples: ['Europe/Berlin'] })),
        by: Type.Optional(field)
      }, { additionalProperties: false }),
      response: {
        200: Type.Object({
          interval: Type.Integer({ description: 'in seconds' }),
          buckets: Type.Array(Type.Object({ at: Type.String(), count: Type.Integer(), by: Type.Optional(Type.Record(Type.String(), Type.Integer())) })),
          complete: Complete,
          cut: Type.Optional(Cut),
          outside: Type.Optional(Outside)
        })
      }
    }
  }, async ({ logCaller, query }, reply) => {
    const by = query.by === undefined ? undefined : groupingOf('by', query.by, logCaller)
    const zone = query.tz === undefined ? undefined : zoneOf('tz', query.tz)
    const [from, to] = [query.from, query.to].map((text) => text === undefined || zone === undefined ? text : startOfDay(text, zone))
    const scope = await scopeOf(app, logCaller, { ...query, from, to })
    const given = query.interval === undefined ? undefined : intervalOf('interval', query.interval)
    return app.readLogs(reply, async (knex, signal, giveWay) => {
      const { span, outside } = await timeSpan(knex, { ...scope, now: app.logWriter.now }, signal)
      const interval = given ?? intervalFor(span)
      const buckets = new Buckets(interval, span, zone)
      const shown = { ...scope, giveWay, ...outside.before > 0 && { from: span.from }, ...outside.after > 0 && { to: span.to } }
      const { counts, complete, cut } = await countLogs(knex, shown, { by, buckets }, app.searchBudget, signal)
      const isAll = outside.before + outside.after === 0
      return { interval: interval / 1000, buckets: fillHistogram(span, buckets, counts, by !== undefined), complete, cut, ...isAll ? {} : { outside } }
    })
  })

  app.get('/api/logs/values', {
    config,
    schema: {
      tags,
      summary: 'The most frequent values of a field',
      querystring: Type.Object({
        ...what,
        field,
        limit: Type.Integer({ default: 20, minimum: 1, maximum: 1000, description: 'a whole number, 1 to 1000' })
      }, { additionalProperties: false }),
      response: { 200: Type.Object({ values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })), complete: Complete, cut: Type.Optional(Cut) }) }
    }
  }, async ({ logCaller, query }, reply) => {
    const by = groupingOf('field', query.field, logCaller)
    const scope = await scopeOf(app, logCaller, query)
    const { counts, complete, cut } = await app.readLogs(reply, (knex, signal, giveWay) => countLogs(knex, { ...scope, giveWay }, { by }, app.searchBudget, signal))
    const values = counts.flatMap(({ value, count }) => value === null ? [] : [{ value, count }])
    return { values: values.toSorted((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1)).slice(0, query.limit), complete, cut }
  })
}

export default counts

function groupingOf (parameter: string, name: string, caller: Caller): Grouping {
  if (name === 'message') throw new BadRequest(`${parameter} must be a field other than message`)
  if (name === 'user' && !caller.admin) throw new NotAllowed(`${parameter}: only administrators count by user`)
  return name === 'level' || name === 'process' || name === 'description' || name === 'pid' || name === 'user' ? name : { path: name.split('.') }
}
