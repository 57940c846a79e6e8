import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { conventions } from '../../src/decode/record/conventions.ts'
import { jsonReading } from '../../src/decode/json/logs.ts'
import { parserOf } from '../../src/decode/json/parse.ts'
import { LineCutter } from '../../src/decode/line-cutter.ts'
import { decodeLogplex, LogplexCutter } from '../../src/decode/logplex.ts'
import { withNames, type Reading } from '../../src/decode/record/index.ts'
import { severityOfName } from '../../src/decode/severity/index.ts'
import { decodeTextPiece, type TextReading } from '../../src/decode/text-logs.ts'
import { BadRequest } from '../../src/errors.ts'
import { utcTime } from '../../src/model/instant.ts'
import { severities } from '../../src/model/record.ts'
import type { IngestOptions } from './options.ts'
import { parseAsStream, storeStream, streamAnswer } from './shared/stream.ts'

const fieldNameOf = (part: string) => Type.Optional(Type.String({
  minLength: 1,
  maxLength: 100,
  description: `the name of the field that holds ${part}, 1 to 100 characters`
}))

const partOf = (part: string, rule = '1 to 100 characters') => Type.Optional(Type.String({
  minLength: 1,
  maxLength: 100,
  description: `of text: ${part} of all logs that do not give it, ${rule}; of JSON: the name of the field that holds it`
}))

const parameters = Type.Object({
  message: fieldNameOf('the message'),
  time: fieldNameOf('the time'),
  level: partOf('the level', 'debug, info, warning, error or critical, or a usual other name of these'),
  process: partOf('the process'),
  pid: partOf('the process id', 'a whole number, 0 or more'),
  description: partOf('the description')
})

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as JSON or as lines of text',
  description: 'Objects one after the other (NDJSON or not), a list of them, or {"logs": […]}; a line that is not ' +
    'JSON is a log with the line as its message. Whatever the content type says, packed or not, of any length. ' +
    'The parameters level, process, pid and description are values of those parts if the content type is text/plain, ' +
    'or if it is none or that of a form and the body does not begin as JSON; else they are names of fields. ' +
    '200: all that could be read is durable, and what could not is kept as dead letters.',
  querystring: parameters,
  response: { 200: streamAnswer }
}

/** POST /api/logs: JSON as loggers write it, and lines of text, read in constant memory. */
const jsonLogs: FastifyPluginAsyncTypebox<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  parseAsStream(app)
  const config = { logAccess: 'write', logStream: true } as const
  app.head('/api/logs', { config: { logAccess: 'write' }, schema: { hide: true } }, async (_request, reply) => {
    return reply.send()
  })

  app.post('/api/logs', { config, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    if (/^application\/logplex/i.test(request.headers['content-type'] ?? '')) return storeLogplex(request, reply)
    const contentType = request.headers['content-type'] ?? ''
    const mayBeText = isForm.test(contentType)
    const cutter = new LineCutter(bodyLimit, 'logs')
    const arrival = utcTime()
    let reading = isText.test(contentType) ? readingOfText(request.query) : undefined
    return storeStream(request, reply, {
      cutter,
      decoderOf (portion) {
        const parse = parserOf(portion)
        return (bytes, index) => {
          const isLine = cutter.isLine(bytes)
          reading ??= isLine && mayBeText ? readingOfText(request.query) : readingOfJson(request.query)
          return decodeTextPiece({ bytes, isLine, arrival, parse, how: reading }, index)
        }
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

const isText = /^\s*text\//i
/** Content types of no meaning: none, and the one that curl sends for any data. */
const isForm = /^\s*(?:application\/x-www-form-urlencoded|$)/i

type Parameters = Static<typeof parameters>

/** Reads a body of JSON: the parameters are names of fields. */
function readingOfJson (parameters: Parameters): TextReading {
  return { reading: readingWith(parameters), given: undefined }
}

/** Reads a body of text: the parameters are parts of the logs. Throws BadRequest. */
function readingOfText ({ message, time, level, process, pid, description }: Parameters): TextReading {
  const severity = level === undefined ? undefined : severityOfName(level)
  if (level !== undefined && severity === undefined) {
    const detail = `level must be ${severities.join(', ')}, or a usual other name of these`
    throw new BadRequest(detail, { rule: 'parameter.choice', field: 'level', expected: severities })
  }
  if (pid !== undefined && !/^\d{1,15}$/.test(pid)) {
    throw new BadRequest('pid must be a whole number, 0 or more', { rule: 'parameter.pattern', field: 'pid' })
  }
  const given = { severity, processName: process, pid: pid === undefined ? undefined : Number(pid), description }
  return { reading: readingWith({ message, time }), given }
}

function readingWith (parameters: Parameters): Reading {
  const names = Object.entries(parameters)
    .flatMap(([part, name]) => Object.hasOwn(conventions, part) && typeof name === 'string' ? [[part, [name]]] : [])
  return names.length === 0 ? jsonReading : withNames(jsonReading, Object.fromEntries(names))
}

export default jsonLogs
