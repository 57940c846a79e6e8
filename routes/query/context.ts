import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import { NotFound } from '../../src/errors.ts'
import { cursorOf, positionOf } from '../../src/query/cursor.ts'
import { findContext, type Common, type Side } from '../../src/search/context.ts'
import { cutParameter, Log, LogId, requestedUserId, scopeParameters, serializeLogs } from './request.ts'

const neighbours = Type.Integer({
  default: 10,
  minimum: 0,
  maximum: 500,
  description: 'a whole number, 0 to 500'
})
const ContextQuery = Type.Object({
  before: neighbours,
  after: neighbours,
  same: Type.String({
    default: 'process',
    pattern: '^(process|user|attribute:.{1,1000})$',
    description: 'process (with the same number), user, or attribute:NAME with a dotted name: what the neighbours ' +
      'have in common with the log, beside its user',
    examples: ['attribute:trace_id']
  }),
  older: Type.Optional(Type.String({ description: '`older` of an answer: its logs go on before it' })),
  newer: Type.Optional(Type.String({ description: '`newer` of an answer: its logs go on after it' })),
  cut: cutParameter,
  user: scopeParameters.user
}, { additionalProperties: false })

const Context = Type.Object({
  logs: Type.Array(Log, {
    description: 'In the order of time; the log itself is among them, unless `older` or `newer` is given'
  }),
  complete: Type.Boolean({
    description: 'false: there are more than fit into the answer, about 8 MB, or than were found in time; ' +
      'the nearest come first'
  }),
  older: Type.Optional(Type.String({ description: 'goes on with older logs; missing where there are none' })),
  newer: Type.Optional(Type.String({ description: 'goes on with newer logs; missing where there are none' }))
})

const context: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/:id/context', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'A log\'s neighbours',
      description: 'Logs before and after a log that have something in common with it, and the log itself, in the ' +
        'order of time. Further ones by the cursors `older` and `newer`.',
      params: LogId,
      querystring: ContextQuery,
      response: { 200: Context }
    }
  }, async ({ logCaller, params: { id }, query }, reply): Promise<Static<typeof Context>> => {
    const sides = sidesOf(query)
    const target = { id, userId: await requestedUserId(app, logCaller, query.user), same: commonOf(query.same) }
    const context = await app.readLogs(reply, (turn) => (
      findContext(turn, target, sides, { ms: app.logReaders.searchBudgetMs, cut: query.cut })
    ))
    if (!context) throw new NotFound()
    return {
      logs: await serializeLogs(app, logCaller, context.logs),
      complete: context.isComplete,
      ...context.older && { older: cursorOf(context.older) },
      ...context.newer && { newer: cursorOf(context.newer) }
    }
  })
}

export default context

/** The sides to read: those of the cursors, or else both. */
function sidesOf ({ before, after, older, newer }: Static<typeof ContextQuery>): { older?: Side, newer?: Side } {
  if (older === undefined && newer === undefined) return { older: { logs: before }, newer: { logs: after } }
  return {
    ...older !== undefined && { older: { logs: before, from: positionOf(older, 'older') } },
    ...newer !== undefined && { newer: { logs: after, from: positionOf(newer, 'newer') } }
  }
}

function commonOf (same: string): Common {
  const [, name] = /^attribute:(.*)$/s.exec(same) ?? []
  if (name !== undefined) return { kind: 'attribute', path: name.split('.') }
  return { kind: same === 'user' ? 'user' : 'process' }
}
