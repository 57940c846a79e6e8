import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { errorAnswer } from '../../src/http/answers.ts'
import { runInTurns } from '../../src/decode/steps.ts'
import { decodeLoki } from '../../src/decode/loki/index.ts'
import { areTimed, Repetitions } from '../../src/decode/repetition.ts'
import { unsnapSteps } from '../../src/decode/unpack/snappy.ts'
import { utcTime } from '../../src/model/instant.ts'
import type { IngestOptions } from './options.ts'
import { encodingOf } from './shared/encoding.ts'
import { describeRequest, requireUsable, storeWholeBody, wholeBodyOf } from './shared/whole-body.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send logs as to Loki',
  description: 'A PushRequest in JSON (application/json), or in protobuf packed by snappy (application/x-protobuf). ' +
    '204: all that could be read is durable, and what could not is kept as dead letters.'
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
  const path = '/loki/api/v1/push'
  app.post(path, { config: { logAccess: 'write' }, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    // Loki answers 400 if it rejected some logs; clients would then not count the others as stored.
    const encoding = encodingOf(request, 'protobuf')
    const unpacked = encoding === 'json' ? wholeBodyOf(request) : await unpack(request)
    const arrival = utcTime()
    requireUsable(await storeWholeBody(request, reply, {
      decode: () => decodeLoki(unpacked, encoding, arrival),
      nameOf ({ records }, body) {
        return areTimed(records, arrival) ? repetitions.nameOf(describeRequest(request), body) : undefined
      }
    }))
    return reply.code(204).send()
  })

  /** Unpacks snappy, which Loki's own clients use without saying so in Content-Encoding. */
  async function unpack (request: FastifyRequest): Promise<Buffer> {
    const body = wholeBodyOf(request)
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return body
    const unpacked = await runInTurns(unsnapSteps(body, bodyLimit))
    await app.memoryOf(request).reserve(unpacked.length)
    return unpacked
  }
}

export default loki
