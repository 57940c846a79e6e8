import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { errorAnswer } from '../../src/answers.ts'
import { collect } from '../../src/decode/decoded.ts'
import { unsnap } from '../../src/decode/unsnap.ts'
import { decodeLoki } from '../../src/decode/loki.ts'
import { BadRequest } from '../../src/errors.ts'
import { utcTime } from '../../src/record.ts'
import { accept, tellReceipt } from './accept.ts'
import type { IngestOptions } from './index.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as to Loki',
  description: 'A PushRequest in JSON (application/json), or in protobuf packed by snappy (application/x-protobuf). 204: all that could be read is durable, and what could not is kept as dead letters.'
}

/** Loki's push API, as its clients, Promtail and Alloy use it. */
const loki: FastifyPluginAsync<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  app.setErrorHandler(errorAnswer((_status, detail, reply) => {
    reply.type('text/plain; charset=utf-8')
    return `${detail}\n`
  }))

  app.get('/ready', { config: { logAccess: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    reply.type('text/plain; charset=utf-8')
    return 'ready\n'
  })

  app.post('/loki/api/v1/push', { config: { logAccess: 'write' }, schema, onRequest: app.awaitRoom }, async (request, reply) => {
    const body = request.body as Buffer | undefined ?? Buffer.alloc(0)
    const decoded = await collect(isJson(request) ? decodeLoki(body, 'json', utcTime()) : decodeLoki(unpack(request, body), 'protobuf', utcTime()))
    const { records, rejected } = decoded
    if (rejected.length > 0) {
      if (records.length === 0) throw new BadRequest(rejected[0]!.reason)
      // Loki says it in the body of a 400, after which clients would not count the others as stored.
      reply.header('x-error-detail', `${rejected.length} rejected; ${rejected[0]!.index}: ${rejected[0]!.reason}`.replaceAll(/[^\x20-\x7e]/g, '?'))
    }
    tellReceipt(reply, await accept(app, request, decoded, body))
    return reply.code(204).send()
  })

  /** Loki's own clients pack by snappy without saying so in Content-Encoding. */
  function unpack (request: FastifyRequest, body: Buffer): Buffer {
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return body
    const unpacked = unsnap(body, bodyLimit)
    app.takeRoom(request, unpacked.length)
    return unpacked
  }
}

/** By the content type; where that says nothing, by the first byte. */
function isJson ({ headers: { 'content-type': type = '' }, body }: FastifyRequest): boolean {
  return /json/i.test(type) || (!/protobuf/i.test(type) && Buffer.isBuffer(body) && body[0] === openBrace)
}

const openBrace = 0x7b

export default loki
