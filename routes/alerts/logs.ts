import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { groupRuleOf } from '../../src/alerts/group-key.ts'
import { findGroupLogs, maxMessageCharacters } from '../../src/alerts/logs.ts'
import { findGroup, mergedGroups } from '../../src/alerts/read.ts'
import { NotFound } from '../../src/errors.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { cursorOf, positionOf } from '../../src/query/cursor.ts'
import { ownerOf } from './owner.ts'
import { Id, UserQuery } from './schemas.ts'

const LogsQuery = Type.Object({
  ...UserQuery.properties,
  limit: Type.Integer({ default: 20, minimum: 1, maximum: 100, description: 'a whole number, 1 to 100' }),
  cursor: Type.Optional(Type.String({ description: 'the cursor of the page before' }))
}, { additionalProperties: false })

const GroupLogs = Type.Object({
  logs: Type.Array(Type.Object({
    id: Type.String({ description: 'GET /api/logs/ID gives the whole log' }),
    at: Type.String({ description: 'when it happened' }),
    level: Type.String(),
    process: Type.String(),
    pid: Type.Integer(),
    message: Type.String({ description: `its first ${maxMessageCharacters} characters` }),
    rule: Type.String({
      description: 'what decided the group of the log: its fingerprint, its template, its exception or its message'
    })
  }), { description: 'the newest first' }),
  complete: Type.Boolean({ description: 'false: the time was over; continue with the cursor' }),
  cursor: Type.Optional(Type.String({ description: 'where the next page begins; missing on the last' }))
})

/** The logs of a group of errors. */
const logs: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/errors/:id/logs', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['errors'],
      summary: 'The logs of a group of errors',
      description: 'With those of the groups that were merged into it. The logs of a group that stands for others ' +
        'are not listed.',
      params: Id,
      querystring: LogsQuery,
      response: { 200: GroupLogs }
    }
  }, async ({ logCaller, params, query: { user, limit, cursor } }, reply) => {
    const after = cursor === undefined ? undefined : positionOf(cursor)
    const userId = await ownerOf(app, logCaller, user)
    const groups = await app.logReaders.awaitDatabase(readGroups(app.logDb, userId, params.id))
    const { items, isComplete, next } = await app.readLogs(reply, (turn) => (
      findGroupLogs(turn, { userId, groups, after }, { logs: limit, ms: app.logReaders.searchBudgetMs })
    ))
    return {
      logs: items.map((log) => ({
        id: log.id,
        at: isoTime(log.eventAt),
        level: log.severity,
        process: log.processName,
        pid: log.pid,
        message: log.message,
        rule: groupRuleOf(log)
      })),
      complete: isComplete,
      ...next !== undefined && { cursor: cursorOf(next) }
    }
  })
}

export default logs

async function readGroups (knex: Parameters<typeof findGroup>[0], userId: number, key: string) {
  const group = await findGroup(knex, userId, key)
  if (!group) throw new NotFound()
  return [group, ...await mergedGroups(knex, userId, [key])]
}
