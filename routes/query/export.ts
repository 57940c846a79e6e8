import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { DatabaseAway, describeFailure } from '../../src/errors.ts'
import type { Position } from '../../src/query/cursor.ts'
import { formats, guardedCsv } from '../../src/query/format.ts'
import { searchLogs } from '../../src/search/find-logs.ts'
import { joinPieces, piecesOf } from './pieces.ts'
import { orderParameter, policyFor, requestedScope, scopeParameters, serializeLogs } from './request.ts'

/** Logs that are read at once, and held for a client that does not read; a larger log is read alone. */
const part = { logs: 1000, bytes: 2_000_000 }
const highWaterMark = 64 * 1024

const ExportQuery = Type.Object({
  ...scopeParameters,
  format: Type.Union([Type.Literal('ndjson'), Type.Literal('csv'), Type.Literal('text')], {
    default: 'ndjson',
    description: 'ndjson, csv or text'
  }),
  formulas: Type.Union([Type.Literal('keep'), Type.Literal('guard')], {
    default: 'keep',
    description: 'guard: in csv, a text that a spreadsheet would take for a formula (it begins with = + - @, a tab ' +
      'or CR) gets an apostrophe in front; keep: texts stay as they were sent'
  }),
  order: orderParameter('oldest')
}, { additionalProperties: false })

/** Lines of an export; the rest begins at `next`. */
interface Part {
  texts: string[]
  next: Position | undefined
}

type ReadPart = (after?: Position) => Promise<Part>

const exportLogs: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/export', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'Export',
      description: 'All logs that a query finds, as fast as the client reads; gzip where Accept-Encoding asks for ' +
        'it. After a failure the connection is cut, and so it is for a client that reads nothing for a minute. ' +
        'At once: 2 exports of a user, 8 of all users.',
      querystring: ExportQuery
    }
  }, async (request, reply) => {
    const lines = await openExport(app, reply, request.query)
    const accessEnds = app.untilRightEnds(request, reply)
    accessEnds.addEventListener('abort', () => lines.destroy(accessEnds.reason))
    return reply.send(acceptsGzip(request.headers['accept-encoding']) ? zipped(lines, reply) : lines)
  })
}

export default exportLogs

/** Sets the headers, and opens a stream of the lines. What fails at the first part is answered as an error. */
async function openExport (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof ExportQuery>
): Promise<Readable> {
  const closed = await app.holdReaderSlot('export', reply)
  const read = await partReader(app, reply, query, closed)
  const lines = Readable.from(textsOf(await read(), read), { objectMode: false, highWaterMark })
  lines.on('error', (error) => {
    if (!(error instanceof DatabaseAway)) reply.log.error({ failure: describeFailure(error) }, 'an export failed')
  })
  const name = `logs.${query.format === 'text' ? 'txt' : query.format}`
  reply.type(formats[query.format].contentType).header('content-disposition', `attachment; filename="${name}"`)
  return lines
}

async function partReader (
  app: FastifyInstance, reply: FastifyReply, query: Static<typeof ExportQuery>, closed: AbortSignal
): Promise<ReadPart> {
  const { logCaller } = reply.request
  const scope = await requestedScope(app, logCaller, query)
  const { head, line } = query.format === 'csv' && query.formulas === 'guard' ? guardedCsv : formats[query.format]
  const limit = { ...part, ms: app.logReaders.searchBudgetMs }
  return async (after) => {
    const { items, next } = await app.logReaders.inTurn('count', logCaller.id, closed, (turn) => (
      searchLogs(turn, { ...scope, order: query.order, after }, limit, policyFor(app, scope.filter, turn))
    ))
    const lines = (await serializeLogs(app, logCaller, items)).map(line)
    return { texts: joinPieces(after === undefined ? [head, ...lines] : lines), next }
  }
}

async function * textsOf (first: Part, read: ReadPart): AsyncGenerator<string> {
  for (let part = first; ; part = await read(part.next)) {
    // Texts that were sent are not held while the others wait.
    for (let text; (text = part.texts.shift()) !== undefined;) yield * piecesOf(text)
    if (part.next === undefined) return
  }
}

function acceptsGzip (acceptEncoding = ''): boolean {
  return /\bgzip\b(?!;\s*q=0(?!\.\d*[1-9]))/.test(acceptEncoding)
}

function zipped (lines: Readable, reply: FastifyReply): NodeJS.ReadableStream {
  reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
  const gzip = createGzip()
  lines.on('error', (error) => gzip.destroy(error))
  gzip.on('close', () => lines.destroy())
  return lines.pipe(gzip)
}
