import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { DatabaseAway, describeFailure } from '../../src/errors.ts'
import type { Position } from '../../src/query/cursor.ts'
import { formats, guardedCsv, type Format } from '../../src/query/format.ts'
import type { Caller } from '../../src/model/caller.ts'
import type { Search } from '../../src/query/search.ts'
import { searchLogs } from '../../src/search/walk.ts'
import { joined, piecesOf } from './pieces.ts'
import { present, scopeOf, what } from './request.ts'

/** What is read at once, and held for a client that does not read; a larger log is read alone. */
const page = { logs: 1000, bytes: 2_000_000 }

/** Lines of an export, and where the rest begins. */
interface Part {
  texts: string[]
  next: Position | undefined
}

const exportLogs: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/export', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'Export',
      description: 'All that a query finds, however much, as fast as it is read; gzip where Accept-Encoding asks for it. A failure on the way cuts the connection, and so does a client that takes nothing for a minute. 2 exports of a user at once, 8 of all.',
      querystring: Type.Object({
        ...what,
        format: Type.Union([Type.Literal('ndjson'), Type.Literal('csv'), Type.Literal('text')], { default: 'ndjson', description: 'ndjson, csv or text' }),
        formulas: Type.Union([Type.Literal('keep'), Type.Literal('guard')], { default: 'keep', description: 'guard: in csv, a text that a spreadsheet would take for a formula, beginning with = + - @ a tab or CR, begins with an apostrophe; keep: all is as it was sent' }),
        order: Type.Union([Type.Literal('newest'), Type.Literal('oldest')], { default: 'oldest', description: 'newest or oldest' })
      }, { additionalProperties: false })
    }
  }, async (request, reply) => {
    const { logCaller, query, headers } = request
    await app.takePlace('export', reply)
    const search = { ...await scopeOf(app, logCaller, query), order: query.order }
    const closed = new AbortController()
    reply.raw.once('close', () => closed.abort(new Error('the request was closed')))
    const format = query.format === 'csv' && query.formulas === 'guard' ? guardedCsv : formats[query.format]
    const read = (after?: Position) => readPart(logCaller, { ...search, after }, format, closed.signal)
    // What fails at once is answered.
    const lines = Readable.from(pieces(await read(), read), { objectMode: false, highWaterMark: 64 * 1024 })
    lines.on('error', (error) => {
      if (!(error instanceof DatabaseAway)) reply.log.error({ failure: describeFailure(error) }, 'an export failed on its way')
    })
    const right = app.untilRightEnds(request, reply)
    right.addEventListener('abort', () => lines.destroy(right.reason))
    reply.type(format.contentType)
    reply.header('content-disposition', `attachment; filename="logs.${query.format === 'text' ? 'txt' : query.format}"`)
    if (!/\bgzip\b(?!;\s*q=0(?!\.\d*[1-9]))/.test(headers['accept-encoding'] ?? '')) return reply.send(lines)
    reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
    const gzip = createGzip()
    lines.on('error', (error) => gzip.destroy(error))
    gzip.on('close', () => lines.destroy())
    return reply.send(lines.pipe(gzip))
  })

  async function readPart (caller: Caller, search: Search, { head, line }: Format, signal: AbortSignal): Promise<Part> {
    const { logs, next } = await app.readInTurn(caller.id, signal, (knex, signal, giveWay) => searchLogs(knex, { ...search, giveWay }, { ...page, ms: app.searchBudget }, signal))
    const lines = (await present(app, caller, logs)).map(line)
    return { texts: joined(search.after === undefined ? [head, ...lines] : lines), next }
  }
}

export default exportLogs

async function * pieces (first: Part, read: (after: Position) => Promise<Part>): AsyncGenerator<string> {
  for (let part = first; ; part = await read(part.next)) {
    // What was taken is not held while the rest waits.
    for (let text; (text = part.texts.shift()) !== undefined;) yield * piecesOf(text)
    if (part.next === undefined) return
  }
}
