import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { NotFound } from '../../src/errors.ts'
import { millisecondsOf } from '../../src/model/instant.ts'
import { attributesIn, type Filter } from '../../src/query/filter.ts'
import { findLog, searchLogs } from '../../src/search/find-logs.ts'
import { endOfPresent } from '../../src/search/time-span.ts'
import { placeBefore } from '../../src/tail/position.ts'
import { cursorAt, requestedPage } from './list-pages.ts'
import {
  cutParameter, Log, LogId, orderParameter, Outside, policyFor, requestedUserId, scopeParameters, serializeLogs,
  timesOf, viewAnswer, type RequestedScope
} from './request.ts'

const tags = ['logs']
const config = { logAccess: 'read' } as const

const PageQuery = Type.Object({
  ...scopeParameters,
  limit: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 1000,
    description: 'a whole number, 1 to 1000; a page also ends at about 8 MB'
  }),
  cursor: Type.Optional(Type.String({
    description: 'the cursor of the previous page, beside the same query, order and user. It carries from, to and ' +
      'asOf, which may be left out'
  })),
  order: orderParameter('newest'),
  cut: cutParameter
}, { additionalProperties: false })

const Page = Type.Object({
  logs: Type.Array(Log),
  complete: Type.Boolean({ description: 'false: the time was over; continue with the cursor' }),
  cursor: Type.Optional(Type.String({ description: 'where the next page begins; missing on the last' })),
  hint: Type.Optional(Type.String({ description: 'where nothing is found: names that were taken for attributes' })),
  outside: Type.Optional(Outside),
  ...viewAnswer,
  place: Type.Optional(Type.String({
    description: 'on the first page: `after` of a tail that goes on with the logs that are not in this list'
  }))
})

const LogQuery = Type.Object({ user: scopeParameters.user }, { additionalProperties: false })

const logs: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs', {
    config,
    schema: {
      tags,
      summary: 'Search',
      description: 'Without `to`, the newest first, where there are logs of about now, logs of times later than ' +
        'tomorrow are left out and counted in `outside`.',
      querystring: PageQuery,
      response: { 200: Page }
    }
  }, (request, reply) => findPage(app, reply, request.query))

  app.get('/api/logs/:id', {
    config,
    schema: {
      tags,
      summary: 'One log',
      params: LogId,
      querystring: LogQuery,
      response: { 200: Log }
    }
  }, async ({ logCaller, params: { id }, query }, reply) => {
    const userId = await requestedUserId(app, logCaller, query.user)
    const log = await app.readLogs(reply, (turn) => findLog(turn, id, userId, app.logReaders.searchBudgetMs))
    const [serialized] = log ? await serializeLogs(app, logCaller, [log]) : []
    if (!serialized) throw new NotFound()
    return serialized
  })
}

export default logs

async function findPage (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof PageQuery>
): Promise<Static<typeof Page>> {
  const { logCaller } = reply.request
  const { order, limit, cut } = query
  const { scope, start } = await requestedPage(app, logCaller, query)
  const { items, isComplete, next, shown, after } = await app.readLogs(reply, async (turn) => {
    const leavesOutStrays = order === 'newest' && start === undefined
    const { to, after } = leavesOutStrays
      ? await endOfPresent(turn, scope)
      : { to: scope.to, after: 0 }
    const shown = { ...scope, to }
    const budget = { logs: limit, cut, ms: app.logReaders.searchBudgetMs }
    const search = { ...shown, order, after: start }
    return { shown, after, ...await searchLogs(turn, search, budget, policyFor(app, scope.filter, turn)) }
  }, scope)
  return {
    logs: await serializeLogs(app, logCaller, items),
    complete: isComplete,
    ...next !== undefined && { cursor: cursorAt(next, shown, logCaller, query) },
    ...next === undefined && items.length === 0 && start === undefined && hintOf(scope.filter),
    ...after > 0 && { outside: { before: 0, after } },
    ...timesOf(shown),
    ...start === undefined && placeOf(scope)
  }
}

/** Where a tail continues the list. */
function placeOf ({ place }: RequestedScope): { place: string } | undefined {
  return place === undefined ? undefined : { place: placeBefore(place, millisecondsOf(place)) }
}

/** A pasted text with a colon may look like a field. */
function hintOf (filter: Filter): { hint: string } | undefined {
  const names = attributesIn(filter)
  if (names.length === 0) return undefined
  return {
    hint: `taken for names of attributes: ${names.join(', ')}; put quotes around a text with a colon to find it in ` +
      `messages, as "${names[0]}:…"`
  }
}
