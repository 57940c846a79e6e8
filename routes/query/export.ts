import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { BadRequest, DatabaseAway, describeFailure } from '../../src/errors.ts'
import { acceptsGzip, gzipFor } from '../../src/http/gzip.ts'
import type { UtcTime } from '../../src/model/instant.ts'
import type { Position } from '../../src/query/cursor.ts'
import { columnsOf, columnsRule, csv, ndjson, plainText, type Format } from '../../src/query/export-format.ts'
import { searchLogs } from '../../src/search/find-logs.ts'
import { joinPieces, piecesOf } from './pieces.ts'
import {
  orderParameter, policyFor, scopeToRead, scopeParameters, serializeLogs, type RequestedScope
} from './request.ts'

/** Logs that are read at once, and held for a client that does not read; a larger log is read alone. */
const part = { logs: 1000, bytes: 2_000_000 }
const highWaterMark = 64 * 1024

const ExportParameters = Type.Object({
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
  columns: Type.Optional(Type.String({
    description: `${columnsRule}; in text a tab is between them. Default: all fields`,
    examples: ['at,level,message,order.id']
  })),
  limit: Type.Optional(Type.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    description: 'a whole number, 1 to 1000000000; the first logs, up to this number. Default: all'
  })),
  end: Type.Boolean({
    default: false,
    description: 'true or false; true: the last line of ndjson is `{"end":true,"logs":N}`, so that a file that was ' +
      'cut short lacks it'
  }),
  order: orderParameter('oldest')
}, { additionalProperties: false })

type ExportQuery = Static<typeof ExportParameters>

/** Logs of an export as text; the rest begins at `next`. */
interface Part {
  texts: string[]
  logs: number
  next: Position | undefined
}

/** Reads logs after a position, up to a number. */
type ReadPart = (maxLogs: number, after?: Position) => Promise<Part>

const exportLogs: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/export', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'Export',
      description: 'All logs that a query finds, and that had arrived at its start, as fast as the client reads; ' +
        'gzip where Accept-Encoding asks for it. After a failure the connection is cut, and so it is for a client ' +
        'that reads nothing for a minute. ' +
        'At once: 2 exports of a user, 8 of all users.',
      querystring: ExportParameters
    }
  }, async (request, reply) => {
    const lines = await openExport(app, reply, request.query)
    const accessEnds = app.untilRightEnds(request, reply)
    accessEnds.addEventListener('abort', () => lines.destroy(accessEnds.reason))
    return reply.send(acceptsGzip(request) ? zipped(lines, reply) : lines)
  })
}

export default exportLogs

/** Sets the headers, and opens a stream of the lines. What fails at the first part is answered as an error. */
async function openExport (app: FastifyInstance, reply: FastifyReply, query: ExportQuery): Promise<Readable> {
  const format = formatOf(query)
  const closed = await app.holdReaderSlot('export', reply)
  const scope = await scopeToRead(app, reply.request.logCaller, query)
  const read = partReader(app, reply, { scope, order: query.order, format, closed })
  const { limit = Infinity } = query
  const first = await read(limit)
  const lines = Readable.from(textsOf(first, { head: format.head, limit, end: query.end }, read), {
    objectMode: false, highWaterMark
  })
  lines.on('error', (error) => {
    if (!(error instanceof DatabaseAway)) reply.log.error({ failure: describeFailure(error) }, 'an export failed')
  })
  reply.type(format.contentType)
    .header('content-disposition', `attachment; filename="${fileNameOf(scope, format.extension)}"`)
  if (scope.lagMs !== undefined) reply.header('x-log-lag', scope.lagMs / 1000)
  return lines
}

/** Throws BadRequest where the parameters contradict each other. */
function formatOf ({ format, columns: names, formulas, end }: ExportQuery): Format {
  if (end && format !== 'ndjson') {
    const fault = { rule: 'parameter.choice', field: 'format', expected: ['ndjson'] } as const
    throw new BadRequest('format must be ndjson where end is true', fault)
  }
  const columns = names === undefined ? undefined : columnsOf('columns', names)
  switch (format) {
    case 'ndjson': return ndjson(columns)
    case 'csv': return csv(columns, formulas === 'guard')
    case 'text': return plainText(columns)
  }
}

/** The times searched, in characters that all systems allow: `logs_20261124T093000Z_20261124T103000Z.csv`. */
function fileNameOf ({ from, to, view }: RequestedScope, extension: string): string {
  const written = (time: UtcTime) => `${time.slice(0, 19).replaceAll(/[-:]/g, '').replace(' ', 'T')}Z`
  return `logs_${from === undefined ? 'until' : written(from)}_${written(to ?? view.asOf)}.${extension}`
}

interface ExportSource {
  scope: RequestedScope
  order: ExportQuery['order']
  format: Format
  closed: AbortSignal
}

function partReader (
  app: FastifyInstance, reply: FastifyReply, { scope, order, format, closed }: ExportSource
): ReadPart {
  const { logCaller } = reply.request
  return async (maxLogs, after) => {
    const limit = { ...part, logs: Math.min(part.logs, maxLogs), ms: app.logReaders.searchBudgetMs }
    const inTurn = scope.isElsewhere ? 'inTurnElsewhere' : 'inTurn'
    const { items, next } = await app.logReaders[inTurn]('count', logCaller.id, closed, (turn) => (
      searchLogs(turn, { ...scope, order, after }, limit, policyFor(app, scope.filter, turn))
    ))
    const lines = (await serializeLogs(app, logCaller, items)).map(format.line)
    return { texts: joinPieces(lines), logs: lines.length, next }
  }
}

async function * textsOf (
  first: Part, { head, limit, end }: { head: string, limit: number, end: boolean }, read: ReadPart
): AsyncGenerator<string> {
  if (head !== '') yield head
  let logs = 0
  for (let part = first; ; part = await read(limit - logs, part.next)) {
    logs += part.logs
    // Texts that were sent are not held while the others wait.
    for (let text; (text = part.texts.shift()) !== undefined;) yield * piecesOf(text)
    if (part.next === undefined || logs === limit) break
  }
  if (end) yield `${JSON.stringify({ end, logs })}\n`
}

function zipped (lines: Readable, reply: FastifyReply): NodeJS.ReadableStream {
  const gzip = gzipFor(reply)
  lines.on('error', (error) => gzip.destroy(error))
  gzip.on('close', () => lines.destroy())
  return lines.pipe(gzip)
}
