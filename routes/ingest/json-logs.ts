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
import { parseAsStream, storeStream, streamAnswer } from './shared/stream.ts'

const fieldNameOf = (part: string) => Type.Optional(Type.String({
  minLength: 1,
  maxLength: 100,
  description: `the name of the field that holds ${part}, 1 to 100 characters`
}))

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as JSON',
  description: 'Objects one after the other (NDJSON or not), a list of them, or {"logs": […]}, whatever the content ' +
    'type says, packed or not, of any length. ' +
    '200: all that could be read is durable, and what could not is kept as dead letters.',
  querystring: Type.Object({
    message: fieldNameOf('the message'),
    time: fieldNameOf('the time'),
    level: fieldNameOf('the level'),
    process: fieldNameOf('the process'),
    pid: fieldNameOf('the process id'),
    description: fieldNameOf('the description')
  }),
  response: { 200: streamAnswer }
}

/** POST /api/logs: JSON as loggers write it, read in constant memory. */
const jsonLogs: FastifyPluginAsyncTypebox<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  parseAsStream(app)
  const config = { logAccess: 'write', logStream: true } as const
  app.head('/api/logs', { config: { logAccess: 'write' }, schema: { hide: true } }, async (_request, reply) => {
    return reply.send()
  })

  app.post('/api/logs', { config, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    if (/^application\/logplex/i.test(request.headers['content-type'] ?? '')) return storeLogplex(request, reply)
    const given = Object.entries(request.query).filter(([role]) => Object.hasOwn(conventions, role))
    const names = Object.fromEntries(given.map(([role, name]) => [role, [name]]))
    const reading = given.length === 0 ? jsonReading : withNames(jsonReading, names)
    const arrival = utcTime()
    return storeStream(request, reply, {
      cutter: new JsonCutter(bodyLimit, 'logs'),
      decoderOf (portion) {
        const body = { reading, arrival, parse: parserOf(portion) }
        return (piece, index) => decodeJsonLog(piece, index, body)
      },
      isText: true,
      bodyLimit
    })
  })

  function storeLogplex (request: FastifyRequest, reply: FastifyReply) {
    const arrivedAt = Date.now()
    return storeStream(request, reply, {
      cutter: new LogplexCutter(bodyLimit),
      decoderOf: () => function * (bytes) { yield yield * decodeLogplex({ bytes, arrivedAt, address: request.ip }) },
      isText: false,
      bodyLimit
    })
  }
}

export default jsonLogs
