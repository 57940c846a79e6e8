import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { describeFailure, NotAllowed } from '../../src/errors.ts'
import { asksForUsers } from '../../src/query/filter.ts'
import { quickMatcherOf } from '../../src/query/matcher.js'
import { parseFilter } from '../../src/query/parse.ts'
import { presentLog } from '../../src/query/api-log.ts'
import type { Tailed, TailEvent } from '../../src/tail/subscription.ts'
import { pieceLength, piecesOf } from './pieces.ts'
import { userIdOf, what } from './request.ts'
import { testedEvents } from './tested.ts'

/** A connection lives so long, in milliseconds; the client then comes again, and is asked again who it is. */
const longest = 10 * 60_000
/** Told to a client whose query is too slow, and after how many milliseconds it comes again. */
const slowReason = 'the query takes too long to test: use fewer, shorter or simpler regular expressions'
const slowRetryMs = 60_000

const tail: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/tail', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'Follow',
      description: 'Server-sent events: each log as it is stored (event `log`, its data as in a search); `missed`, with a number, to a reader that is too slow; `ended`, with a reason, where the query is too slow. With the `Last-Event-ID` of an earlier connection it goes on after that log, on any instance, for seven days.',
      produces: ['text/event-stream'],
      querystring: Type.Object({ query: what.query, user: what.user }, { additionalProperties: false }),
      headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ description: 'the id of the last event that was seen' })) })
    }
  }, async (request, reply) => {
    const { logCaller, query } = request
    const filter = parseFilter(query.query)
    if (!logCaller.admin && asksForUsers(filter)) throw new NotAllowed('query: only administrators ask for users; a log\'s own field of that name is attributes.user')
    await app.takePlace('tail', reply)
    const userId = await userIdOf(app, logCaller, query.user)
    const closed = new AbortController()
    const timer = setTimeout(() => closed.abort(), longest)
    reply.raw.once('close', () => {
      clearTimeout(timer)
      closed.abort()
    })
    app.untilRightEnds(request, reply).addEventListener('abort', () => closed.abort())

    const mayMatch = quickMatcherOf(filter)
    const events = await app.lookUp(app.tailLogs({ userId, matches: (log, name) => mayMatch(log, name) !== false, reader: logCaller.id, after: request.headers['last-event-id'] }, closed.signal))
    const tested = testedEvents(events, { matching: app.matching.tails, filter, caller: String(logCaller.id) }, closed.signal)
    const stream = Readable.from(written(tested), { objectMode: false, highWaterMark: 64 * 1024 })
    stream.on('error', (error) => reply.log.error({ failure: describeFailure(error) }, 'a tail failed'))
    return reply.type('text/event-stream').header('cache-control', 'no-store').header('x-accel-buffering', 'no').send(stream)
  })
}

export default tail

/** As server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
async function * written (events: AsyncGenerator<TailEvent | 'tooSlow', void, void>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n'
  for await (const event of events) {
    if (event === 'silence') yield ':\n\n'
    else if (event === 'tooSlow') yield `retry: ${slowRetryMs}\nevent: ended\ndata: ${JSON.stringify({ reason: slowReason })}\n\n`
    else if ('missed' in event) yield `event: missed\ndata: ${JSON.stringify({ logs: event.missed })}\n\n`
    else yield * piecesOfEvent(`id: ${event.place}\nevent: log\ndata: `, textOf(event))
  }
}

/** Only small texts are joined: the pieces of a large one stay parts of the text that all tails share. */
function * piecesOfEvent (head: string, data: string): Generator<string> {
  if (data.length <= pieceLength) return yield `${head}${data}\n\n`
  yield head
  yield * piecesOf(data)
  yield '\n\n'
}

/** Many tails may wait at the same log: they share its text. */
const texts = new WeakMap<Tailed['log'], string>()

function textOf ({ log, userName }: Tailed): string {
  const text = texts.get(log) ?? JSON.stringify(presentLog(log, userName))
  texts.set(log, text)
  return text
}
