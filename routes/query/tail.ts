import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BadRequest, describeFailure } from '../../src/errors.ts'
import { presentLog } from '../../src/query/api-log.ts'
import { quickMatcherOf } from '../../src/query/matcher.js'
import { cutLog } from '../../src/search/cut.ts'
import { readPosition } from '../../src/tail/position.ts'
import type { Tailed, TailEvent } from '../../src/tail/subscription.ts'
import { pieceLength, piecesOf } from './pieces.ts'
import { allowedFilter, cutParameter, requestedUserId, scopeParameters } from './request.ts'
import { testedEvents } from './tested.ts'

/** Lifetime of a connection. The client then reconnects, and authenticates again. */
const maxConnectionMs = 10 * 60_000
/** Sent to a client with too slow a query, with the delay after which it may reconnect. */
const slowReason = 'the query takes too long to test: use fewer, shorter or simpler regular expressions'
const slowRetryMs = 60_000
const highWaterMark = 64 * 1024

const TailQuery = Type.Object({
  query: scopeParameters.query,
  user: scopeParameters.user,
  after: Type.Optional(Type.String({
    description: 'the place of a list, the id of an event, or `after` of an event `missed`: continues there, as with ' +
      'the header Last-Event-ID, which counts where both are given'
  })),
  cut: cutParameter
}, { additionalProperties: false })

type TailRequest = Omit<Static<typeof TailQuery>, 'cut'>

const tail: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/tail', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'Follow',
      description: 'Server-sent events: each log as it is stored (event `log`, its data as in a search); `missed`, ' +
        'with the number of logs that a client which reads too slowly did not get, and the place `after` which a new ' +
        'tail delivers them; `ended`, with a reason, where the query is too slow. After a place it continues on any ' +
        'instance, for 7 days.',
      produces: ['text/event-stream'],
      querystring: TailQuery,
      headers: Type.Object({
        'last-event-id': Type.Optional(Type.String({ description: 'the id of the last event received' }))
      })
    }
  }, async (request, reply) => {
    const { after, cut, ...query } = request.query
    const lastEventId = request.headers['last-event-id']
    if (after !== undefined && !isPlace(after)) throw invalidPlace()
    const events = await openTail(app, reply, { ...query, after: lastEventId ?? after })
    const stream = Readable.from(serialize(events, cut), { objectMode: false, highWaterMark })
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
  app: FastifyInstance, reply: FastifyReply, { query, user, after }: TailRequest
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
    after
  }, ended))
  return testedEvents(events, { matching: app.logReaders.matching.tails, filter, caller: String(logCaller.id) }, ended)
}

function isPlace (text: string): boolean {
  return readPosition(text) !== undefined
}

function invalidPlace (): BadRequest {
  const detail = 'after must be the place of a list, the id of an event, or "after" of an event'
  return new BadRequest(detail, { rule: 'cursor.invalid', field: 'after' })
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
async function * serialize (
  events: AsyncGenerator<TailEvent | 'tooSlow', void, void>, cut: number | undefined
): AsyncGenerator<string> {
  yield 'retry: 1000\n\n'
  for await (const event of events) {
    if (event === 'silence') yield ':\n\n'
    else if (event === 'tooSlow') yield `retry: ${slowRetryMs}\n${eventText('ended', { reason: slowReason })}`
    else if ('missed' in event) yield eventText('missed', { logs: event.missed, after: event.after })
    else yield * piecesOfEvent(`id: ${event.place}\nevent: log\ndata: `, textOf(event, cut))
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

/** Many tails may wait at the same log: those with the same cut share its text. One text is kept of each log. */
const texts = new WeakMap<Tailed['log'], { cut: number | undefined, text: string }>()

function textOf ({ log, userName }: Tailed, cut: number | undefined): string {
  const known = texts.get(log)
  if (known !== undefined && known.cut === cut) return known.text
  const text = JSON.stringify(presentLog(cut === undefined ? log : cutLog(log, cut), userName))
  texts.set(log, { cut, text })
  return text
}
