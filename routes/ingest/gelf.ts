import type { FastifyPluginAsync } from 'fastify'
import { decodeGelf } from '../../src/decode/gelf.ts'
import { BadRequest } from '../../src/errors.ts'
import { utcTime } from '../../src/record.ts'
import { requireUsable, take } from './take.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send logs in GELF',
  description: 'One object, several, or a list, whatever the content type says. 202: all that could be read is durable, and what could not is kept as dead letters.'
}

/** Graylog's format, as its HTTP input takes it: the answer has no body. */
const gelf: FastifyPluginAsync = async (app) => {
  app.post('/gelf', { config: { logAccess: 'write' }, schema, onRequest: app.awaitRoom }, async (request, reply) => {
    const decoded = await take(app, request, reply, (body) => decodeGelf(body, utcTime()))
    requireUsable(decoded)
    if (decoded.records.length === 0) throw new BadRequest('body must hold a log')
    return reply.code(202).send()
  })
}

export default gelf
