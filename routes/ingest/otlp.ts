import type { IncomingMessage } from 'node:http'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { errorAnswer } from '../../src/http/answers.ts'
import { decodeOtlp } from '../../src/decode/otlp/index.ts'
import { encodeBytes, encodeInteger } from '../../src/decode/protobuf.ts'
import { areTimed, Repetitions } from '../../src/decode/repetition.ts'
import type { Rejected } from '../../src/model/batch.ts'
import { utcTime } from '../../src/model/instant.ts'
import { encodingOf } from './shared/encoding.ts'
import { describeRequest, requireUsable, storeWholeBody } from './shared/whole-body.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send logs by OTLP/HTTP',
  description: 'An ExportLogsServiceRequest in protobuf (application/x-protobuf) or JSON (application/json), ' +
    'answered in the same encoding: 200 with an empty ExportLogsServiceResponse, or one that says how many logs were ' +
    'rejected and are kept as dead letters; else a google.rpc.Status.'
}

/** Codes of google.rpc.Status: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const codes: Record<number, number> = { 400: 3, 401: 16, 403: 7, 413: 8, 429: 8, 503: 14 }
const internalCode = 13

/** POST /v1/logs: OpenTelemetry's logs, as its SDKs and the Collector send them. */
const otlp: FastifyPluginAsync = async (app) => {
  app.setErrorHandler(errorAnswer((status, detail, reply) => {
    const code = codes[status] ?? internalCode
    return encode(reply, { code, message: detail }, () => [encodeInteger(1, code), encodeBytes(2, detail)])
  }))

  const repetitions = new Repetitions()
  for (const url of ['/v1/logs', '/otlp/v1/logs']) {
    app.post(url, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
      const arrival = utcTime()
      const decoded = await storeWholeBody(request, reply, {
        decode: (body) => decodeOtlp(body, encodingOf(request, 'json'), arrival),
        nameOf ({ records }, body) {
          return areTimed(records, arrival) ? repetitions.nameOf(describeRequest(request), body) : undefined
        }
      })
      requireUsable(decoded)
      return success(reply, decoded.rejected)
    })
  }

  await app.register(otherSignals)
}

const otherSignalsSchema = { tags: ['ingest'], summary: 'Accept OpenTelemetry\'s traces and metrics, and discard them' }

/** Accepts traces and metrics: clients send them to the same endpoint by default, and would fail after a 404. */
const otherSignals: FastifyPluginAsync = async (app) => {
  let isLogged = false
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const parts = app.memoryOf(request).read(payload, false)[Symbol.asyncIterator]()
    let part
    do part = await parts.next()
    while (!part.done)
  })
  for (const url of ['/v1/traces', '/v1/metrics', '/otlp/v1/traces', '/otlp/v1/metrics']) {
    app.post(url, {
      config: { logAccess: 'write' },
      schema: otherSignalsSchema,
      onRequest: app.reserveMemory
    }, async (request, reply) => {
      if (!isLogged) request.log.warn({ url }, 'traces and metrics are accepted, but discarded: only logs are stored')
      isLogged = true
      return success(reply, [])
    })
  }
}

function success (reply: FastifyReply, rejected: readonly Rejected[]): string | Buffer {
  const [first] = rejected
  if (!first) return encode(reply, {}, () => [])
  const errorMessage = `log ${first.index}: ${first.reason}`
  return encode(reply, { partialSuccess: { rejectedLogRecords: String(rejected.length), errorMessage } }, () => {
    return [encodeBytes(1, Buffer.concat([encodeInteger(1, rejected.length), encodeBytes(2, errorMessage)]))]
  })
}

/** Encodes an answer as its request was. */
function encode (reply: FastifyReply, json: object, protobuf: () => Buffer[]): string | Buffer {
  if (encodingOf(reply.request, 'json') === 'json') {
    reply.type('application/json')
    return JSON.stringify(json)
  }
  reply.type('application/x-protobuf')
  return Buffer.concat(protobuf())
}

export default otlp
