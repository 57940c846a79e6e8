import type { IncomingMessage } from 'node:http'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { errorAnswer } from '../../src/http/answers.ts'
import { decodeOtlp } from '../../src/decode/otlp/index.ts'
import { encodeBytes, encodeInteger } from '../../src/decode/protobuf.ts'
import { areTimed, Repetitions } from '../../src/decode/repetition.ts'
import type { Rejected } from '../../src/model/batch.ts'
import { utcTime } from '../../src/model/instant.ts'
import { describeRequest, requireUsable, take } from './shared/whole-body.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send logs by OTLP/HTTP',
  description: 'An ExportLogsServiceRequest in protobuf (application/x-protobuf) or JSON (application/json), answered in the same encoding: 200 with an empty ExportLogsServiceResponse, or one that tells how many logs were rejected and are kept as dead letters; else a google.rpc.Status.'
}

/** Codes of google.rpc.Status: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const codes: Record<number, number> = { 400: 3, 401: 16, 403: 7, 413: 8, 429: 8, 503: 14 }
const internal = 13

/** POST /v1/logs: OpenTelemetry's logs, as its SDKs and the Collector send them. */
const otlp: FastifyPluginAsync = async (app) => {
  app.setErrorHandler(errorAnswer((status, detail, reply) => {
    const code = codes[status] ?? internal
    return encode(reply, { code, message: detail }, () => [encodeInteger(1, code), encodeBytes(2, detail)])
  }))

  const repetitions = new Repetitions()
  for (const url of ['/v1/logs', '/otlp/v1/logs']) {
    app.post(url, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
      const arrival = utcTime()
      const decoded = await take(app, request, reply, (body) => decodeOtlp(body, encodingOf(request), arrival),
        ({ records }, body) => areTimed(records, arrival) ? repetitions.nameOf(describeRequest(request), body) : undefined)
      requireUsable(decoded)
      return success(reply, decoded.rejected)
    })
  }

  await app.register(otherSignals)
}

const otherSignalsSchema = { tags: ['ingest'], summary: 'Take OpenTelemetry\'s traces and metrics, and keep none of them' }

/** Traces and metrics, which clients send to the same endpoint unless told otherwise: a 404 would make them fail. */
const otherSignals: FastifyPluginAsync = async (app) => {
  let isTold = false
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const parts = app.memoryOf(request).read(payload, false)
    let part
    do part = await parts.next()
    while (!part.done)
  })
  for (const url of ['/v1/traces', '/v1/metrics', '/otlp/v1/traces', '/otlp/v1/metrics']) {
    app.post(url, { config: { logAccess: 'write' }, schema: otherSignalsSchema, onRequest: app.reserveMemory }, async (request, reply) => {
      if (!isTold) request.log.warn({ url }, 'traces and metrics are taken, so that their senders go on, but not kept: only logs are')
      isTold = true
      return success(reply, [])
    })
  }
}

function success (reply: FastifyReply, rejected: readonly Rejected[]): string | Buffer {
  if (rejected.length === 0) return encode(reply, {}, () => [])
  const errorMessage = `log ${rejected[0]!.index}: ${rejected[0]!.reason}`
  return encode(reply, { partialSuccess: { rejectedLogRecords: String(rejected.length), errorMessage } },
    () => [encodeBytes(1, Buffer.concat([encodeInteger(1, rejected.length), encodeBytes(2, errorMessage)]))])
}

/** An answer in the encoding of what it answers. */
function encode (reply: FastifyReply, json: object, protobuf: () => Buffer[]): string | Buffer {
  if (encodingOf(reply.request) === 'json') {
    reply.type('application/json')
    return JSON.stringify(json)
  }
  reply.type('application/x-protobuf')
  return Buffer.concat(protobuf())
}

/** By the content type; where that says nothing, JSON is told by its first byte. */
function encodingOf ({ headers: { 'content-type': type = '' }, body }: FastifyRequest): 'json' | 'protobuf' {
  if (/json/i.test(type)) return 'json'
  if (/protobuf/i.test(type)) return 'protobuf'
  return Buffer.isBuffer(body) && body[0] !== openBrace ? 'protobuf' : 'json'
}

const openBrace = 0x7b

export default otlp
