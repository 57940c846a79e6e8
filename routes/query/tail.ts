import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { describeFailure } from '../../src/errors.ts'
import { presentLog } from '../../src/query/api-log.ts'
import { quickMatcherOf } from '../../src/query/matcher.js'
import type { Tailed, TailEvent } from '../../src/tail/subscription.ts'
import { pieceLength, piecesOf } from './pieces.ts'
import { allowedFilter, requestedUserId, scopeParameters } from './request.ts'
import { testedEvents } from './tested.ts'

/** Lifetime of a connection. The client then reconnects, and authenticates again. */
const maxConnectionMs = 10 * 60_000
/** Sent to a client with too slow a query, with the delay after which it may reconnect. */
const slowReason = 'the query takes too long to test: use fewer, shorter or simpler regular expressions'
const slowRetryMs = 60_000
const highWaterMark = 64 * 1024

const { query, user } = scopeParameters

interface TailRequest {
  query: string
  user?: string
  lastEventId?: string
}

const tail: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/tail', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'Follow',
      description: 'Server-sent events: each log as it is stored (event `log`, its data as in a search); `missed`, ' +
        'with a number, to a client that reads too slowly; `ended`, with a reason, where the query is too slow. ' +
        'With the `Last-Event-ID` of an earlier connection it continues after that log, on any instance, for 7 days.',
      produces: ['text/event-stream'],
      querystring: Type.Object({ query, user }, { additionalProperties: false }),
      headers: Type.Object({
        'last-event-id': Type.Optional(Type.String({ description: 'the id of the last event received' }))
      })
    }
  }, async (request, reply) => {
    const events = await openTail(app, reply, { ...request.query, lastEventId: request.headers['last-event-id'] })
    const stream = Readable.from(serialize(events), { objectMode: false, highWaterMark })
    stream.on('error', (error) => reply.log.error({ failure: describeFailure(error) }, 'a tail failed'))
    return reply
      .type('text/event-stream')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(stream)
  })
}

export default tail

async function openTail (
  app: FastifyInstance, reply: FastifyReply, { query, user, lastEventId }: TailRequest
): Promise<AsyncGenerator<TailEvent | 'tooSlow', void, void>> {
  const { logCaller } = reply.request
  const filter = allowedFilter(logCaller, query)
  await app.holdReaderSlot('tail', reply)
  const userId = await requestedUserId(app, logCaller, user)
  const ended = tailEnd(app, reply)
  const mayMatch = quickMatcherOf(filter)
  const events = await app.logReaders.awaitDatabase(app.tailLogs({
    userId,
    matches: (log, name) => mayMatch(log, name) !== false,
    reader: logCaller.id,
    after: lastEventId
  }, ended))
  return testedEvents(events, { matching: app.logReaders.matching.tails, filter, caller: String(logCaller.id) }, ended)
}

/** Aborted once the connection closes, has lived for long enough, or the caller loses access. */
function tailEnd (app: FastifyInstance, reply: FastifyReply): AbortSignal {
  const ended = new AbortController()
  const timer = setTimeout(() => ended.abort(), maxConnectionMs)
  reply.raw.once('close', () => {
    clearTimeout(timer)
    ended.abort()
  })
  app.untilRightEnds(reply.request, reply).addEventListener('abort', () => ended.abort())
  return ended.signal
}

/** As server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
async function * serialize (events: AsyncGenerator<TailEvent | 'tooSlow', void, void>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n'
  for await (const event of events) {
    if (event === 'silence') yield ':\n\n'
    else if (event === 'tooSlow') yield `retry: ${slowRetryMs}\n${eventText('ended', { reason: slowReason })}`
    else if ('missed' in event) yield eventText('missed', { logs: event.missed })
    else yield * piecesOfEvent(`id: ${event.place}\nevent: log\ndata: `, textOf(event))
  }
}

function eventText (name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
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
