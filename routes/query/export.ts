import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import { describeFailure } from '../../src/errors.ts'
import { formats, type FormatName } from '../../src/query/format.ts'
import type { Caller } from '../../src/record.ts'
import { searchLogs, type Search } from '../../src/store/search.ts'
import { present, scopeOf, what } from './scope.ts'

/** So many logs are held at once. */
const pageSize = 1000

const exportLogs: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/api/logs/export', {
    config: { logAccess: 'read' },
    schema: {
      tags: ['logs'],
      summary: 'Export',
      description: 'All that a query finds, however much, as fast as it is read; gzip where Accept-Encoding asks for it. A failure on the way cuts the connection.',
      querystring: Type.Object({
        ...what,
        format: Type.Union([Type.Literal('ndjson'), Type.Literal('csv'), Type.Literal('text')], { default: 'ndjson', description: 'ndjson, csv or text' }),
        order: Type.Union([Type.Literal('newest'), Type.Literal('oldest')], { default: 'oldest', description: 'newest or oldest' })
      }, { additionalProperties: false })
    }
  }, async (request, reply) => {
    const { logCaller, query, headers } = request
    const search = { ...await scopeOf(app, logCaller, query), order: query.order }
    const lines = Readable.from(pages(reply, logCaller, search, query.format), { objectMode: false, highWaterMark: 64 * 1024 })
    lines.on('error', (error) => reply.log.error({ failure: describeFailure(error) }, 'an export failed on its way'))
    const right = app.untilRightEnds(request, reply)
    right.addEventListener('abort', () => lines.destroy(right.reason))
    reply.type(formats[query.format].contentType)
    reply.header('content-disposition', `attachment; filename="logs.${query.format === 'text' ? 'txt' : query.format}"`)
    if (!/\bgzip\b(?!;\s*q=0(?!\.\d*[1-9]))/.test(headers['accept-encoding'] ?? '')) return reply.send(lines)
    reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
    const gzip = createGzip()
    lines.on('error', (error) => gzip.destroy(error))
    gzip.on('close', () => lines.destroy())
    return reply.send(lines.pipe(gzip))
  })

  async function * pages (reply: FastifyReply, caller: Caller, search: Search, name: FormatName): AsyncGenerator<string> {
    const { head, line } = formats[name]
    if (head !== '') yield head
    for (let after = search.after; ;) {
      const { logs, next } = await app.readLogs(reply, (knex, signal) => searchLogs(knex, { ...search, after }, pageSize, app.searchBudget, signal))
      if (logs.length > 0) yield (await present(app, caller, logs)).map(line).join('')
      if (next === undefined) return
      after = next
    }
  }
}

export default exportLogs
