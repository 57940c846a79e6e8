import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { errorAnswer } from '../../src/http/answers.ts'
import { runInTurns } from '../../src/decode/steps.ts'
import { decodeLoki } from '../../src/decode/loki/index.ts'
import { areTimed, Repetitions } from '../../src/decode/repetition.ts'
import { unsnapSteps } from '../../src/decode/unpack/snappy.ts'
import { utcTime } from '../../src/model/instant.ts'
import type { IngestOptions } from './options.ts'
import { describeRequest, requireUsable, take } from './shared/whole-body.ts'

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

  const repetitions = new Repetitions()
  app.post('/loki/api/v1/push', { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    // Loki says what it rejected in the body of a 400, after which clients would not count the others as stored.
    const unpacked = isJson(request) ? undefined : await unpack(request)
    const arrival = utcTime()
    requireUsable(await take(app, request, reply, (body) => unpacked ? decodeLoki(unpacked, 'protobuf', arrival) : decodeLoki(body, 'json', arrival),
      ({ records }, body) => areTimed(records, arrival) ? repetitions.nameOf(describeRequest(request), body) : undefined))
    return reply.code(204).send()
  })

  /** Loki's own clients pack by snappy without saying so in Content-Encoding. */
  async function unpack (request: FastifyRequest): Promise<Buffer> {
    const body = request.body as Buffer | undefined ?? Buffer.alloc(0)
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return body
    const unpacked = await runInTurns(unsnapSteps(body, bodyLimit))
    await app.memoryOf(request).reserve(unpacked.length)
    return unpacked
  }
}

/** By the content type; where that says nothing, by the first byte. */
function isJson ({ headers: { 'content-type': type = '' }, body }: FastifyRequest): boolean {
  return /json/i.test(type) || (!/protobuf/i.test(type) && Buffer.isBuffer(body) && body[0] === openBrace)
}

const openBrace = 0x7b

export default loki
