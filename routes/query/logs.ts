import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { NotFound } from '../../src/errors.ts'
import { cursorOf, positionOf } from '../../src/query/cursor.ts'
import { attributesIn, type Filter } from '../../src/query/filter.ts'
import { matcherOf } from '../../src/query/matcher.js'
import type { StoredLog } from '../../src/model/record.ts'
import { findLog, maxPageBytes, searchLogs } from '../../src/search/walk.ts'
import { endOfPresent } from '../../src/search/time-span.ts'
import { valuePiece } from '../../src/text/fold.js'
import { Log, Outside, present, scopeOf, userIdOf, what } from './request.ts'

const tags = ['logs']
const config = { logAccess: 'read' } as const

const Complete = Type.Boolean({ description: 'false: the time was over before all was looked at; go on with the cursor' })
const Whole = Type.Boolean({ description: 'false: there are more than fit into the answer, about 8 MB, or than were found in time; the nearest come first' })
const Page = Type.Object({
  logs: Type.Array(Log),
  complete: Complete,
  cursor: Type.Optional(Type.String({ description: 'where the rest begins; missing at the end' })),
  hint: Type.Optional(Type.String({ description: 'where nothing is found, which names of the query were taken for attributes' })),
  outside: Type.Optional(Outside)
})
const Id = Type.Object({ id: Type.String({ pattern: '^\\d{1,19}$', description: 'the id of a log, a decimal number' }) })
const user = what.user
const neighbours = Type.Integer({ default: 10, minimum: 0, maximum: 500, description: 'a whole number, 0 to 500' })

const logs: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs', {
    config,
    schema: {
      tags,
      summary: 'Search',
      description: 'Without `to`, the newest first, where there are logs of about now, those of times later than tomorrow are left out, and told as `outside`.',
      querystring: Type.Object({
        ...what,
        limit: Type.Integer({ default: 100, minimum: 1, maximum: 1000, description: 'a whole number, 1 to 1000; a page also ends at about 8 MB' }),
        cursor: Type.Optional(Type.String({ description: 'what the answer before gave' })),
        order: Type.Union([Type.Literal('newest'), Type.Literal('oldest')], { default: 'newest', description: 'newest or oldest' })
      }, { additionalProperties: false }),
      response: { 200: Page }
    }
  }, async ({ logCaller, query }, reply) => {
    const { order, limit, cursor } = query
    const search = { ...await scopeOf(app, logCaller, query), order, after: cursor === undefined ? undefined : positionOf(cursor) }
    const { logs, complete, next, after } = await app.readLogs(reply, async (knex, signal, giveWay) => {
      const isDefault = order === 'newest' && cursor === undefined
      const { to, after } = isDefault ? await endOfPresent(knex, { ...search, now: app.logWriter.now }, signal) : { to: search.to, after: 0 }
      return { after, ...await searchLogs(knex, { ...search, to, giveWay }, { logs: limit, ms: app.searchBudget }, signal) }
    })
    return { logs: await present(app, logCaller, logs), complete, ...next ? { cursor: cursorOf(next) } : logs.length === 0 && cursor === undefined && hintOf(search.filter), ...after > 0 && { outside: { before: 0, after } } }
  })

  app.get('/api/logs/:id', {
    config,
    schema: { tags, summary: 'One log', params: Id, querystring: Type.Object({ user }, { additionalProperties: false }), response: { 200: Log } }
  }, async ({ logCaller, params: { id }, query: { user } }, reply) => {
    const userId = await userIdOf(app, logCaller, user)
    const log = await app.readLogs(reply, (knex, signal) => findLog(knex, userId, id, app.searchBudget, signal))
    if (!log) throw new NotFound()
    return (await present(app, logCaller, [log]))[0]!
  })

  app.get('/api/logs/:id/context', {
    config,
    schema: {
      tags,
      summary: 'A log\'s neighbours',
      description: 'What the same process logged before and after, in the order in which it happened, the log itself included.',
      params: Id,
      querystring: Type.Object({ before: neighbours, after: neighbours, user }, { additionalProperties: false }),
      response: { 200: Type.Object({ logs: Type.Array(Log), complete: Whole }) }
    }
  }, async ({ logCaller, params: { id }, query: { before, after, user } }, reply) => {
    const owner = await userIdOf(app, logCaller, user)
    const { logs, complete } = await app.readLogs(reply, async (knex, signal, giveWay) => {
      const log = await findLog(knex, owner, id, app.searchBudget, signal)
      if (!log) throw new NotFound()
      const { userId, eventAt, pid, processName } = log
      const filter: Filter = { kind: 'all', of: [{ kind: 'number', field: 'pid', comparison: '=', value: String(pid) }, { kind: 'value', field: 'process', pattern: [valuePiece(processName)] }] }
      const matches = matcherOf(filter)
      const decide = async (logs: readonly StoredLog[]) => logs.filter((log) => matches(log, ''))
      const bytes = (maxPageBytes - log.message.length) / 2
      const find = async (order: 'newest' | 'oldest', limit: number) => {
        if (limit === 0) return { logs: [], complete: true }
        const found = await searchLogs(knex, { userId, filter, decide, order, after: { at: eventAt, id, userId }, giveWay }, { logs: limit, bytes, least: 0, ms: app.searchBudget / 2 }, signal)
        return { logs: found.logs, complete: found.complete && (found.next === undefined || found.logs.length === limit) }
      }
      const earlier = await find('newest', before)
      const later = await find('oldest', after)
      return { logs: [...earlier.logs.toReversed(), log, ...later.logs], complete: earlier.complete && later.complete }
    })
    return { logs: await present(app, logCaller, logs), complete }
  })
}

export default logs

/** A pasted text with a colon may look like a field. */
function hintOf (filter: Filter): { hint: string } | undefined {
  const names = attributesIn(filter)
  return names.length === 0 ? undefined : { hint: `taken for names of attributes: ${names.join(', ')}; put quotes around a text with a colon to find it in messages, as "${names[0]}:…"` }
}
