import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { conventions } from '../../src/decode/record/conventions.ts'
import { JsonCutter } from '../../src/decode/json/cutter.ts'
import { decodeJsonLog, jsonReading } from '../../src/decode/json/logs.ts'
import { parserOf } from '../../src/decode/json/parse.ts'
import { decodeLogplex, LogplexCutter } from '../../src/decode/logplex.ts'
import { withNames } from '../../src/decode/record/index.ts'
import { utcTime } from '../../src/model/instant.ts'
import type { IngestOptions } from './options.ts'
import { acceptStream, streamAnswer, takeStreams } from './shared/stream.ts'

const name = (what: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: `the name of the field that holds ${what}, 1 to 100 characters` }))

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as JSON',
  description: 'Objects one after the other (NDJSON or not), a list of them, or {"logs": […]}, whatever the content type says, packed or not, of any length. 200: all that could be read is durable, and what could not is kept as dead letters.',
  querystring: Type.Object({
    message: name('the message'),
    time: name('the time'),
    level: name('the level'),
    process: name('the process'),
    pid: name('the process id'),
    description: name('the description')
  }),
  response: { 200: streamAnswer }
}

/** POST /api/logs: JSON as loggers write it, in constant memory. */
const jsonLogs: FastifyPluginAsyncTypebox<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  takeStreams(app)
  app.head('/api/logs', { config: { logAccess: 'write' }, schema: { hide: true } }, async (_request, reply) => reply.send())

  app.post('/api/logs', { config: { logAccess: 'write', logStream: true }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    if (/^application\/logplex/i.test(request.headers['content-type'] ?? '')) return acceptLogplex(request, reply)
    const given = Object.entries(request.query).filter(([role]) => Object.hasOwn(conventions, role))
    const reading = given.length === 0 ? jsonReading : withNames(jsonReading, Object.fromEntries(given.map(([role, name]) => [role, [name]])))
    const arrival = utcTime()
    return acceptStream(app, request, reply, {
      cutter: new JsonCutter(bodyLimit, 'logs'),
      decoderOf (portion) {
        const parse = parserOf(portion)
        return (piece, index) => decodeJsonLog(piece, index, reading, arrival, parse)
      },
      isText: true,
      bodyLimit
    })
  })

  function acceptLogplex (request: FastifyRequest, reply: FastifyReply) {
    const arrivedAt = Date.now()
    return acceptStream(app, request, reply, {
      cutter: new LogplexCutter(bodyLimit),
      decoderOf: () => function * (bytes) { yield yield * decodeLogplex({ bytes, arrivedAt, address: request.ip }) },
      isText: false,
      bodyLimit
    })
  }
}

export default jsonLogs
