import type { FastifyPluginAsync } from 'fastify'
import { decodeGelf } from '../../src/decode/gelf/index.ts'
import { BadRequest } from '../../src/errors.ts'
import { utcTime } from '../../src/model/instant.ts'
import type { IngestOptions } from './options.ts'
import { parseAsBuffer } from './shared/body.ts'
import { requireUsable, storeWholeBody } from './shared/whole-body.ts'

const schema = {
  tags: ['ingest'],
  summary: 'Send logs in GELF',
  description: 'One object, several, or a list, whatever the content type says. ' +
    '202: all that could be read is durable, and what could not is kept as dead letters.'
}

/** Graylog's format, as its HTTP input accepts it: the answer has no body. */
const gelf: FastifyPluginAsync<Required<Pick<IngestOptions, 'bodyLimit'>>> = async (app, { bodyLimit }) => {
  parseAsBuffer(app, bodyLimit, codingOf)

  const config = { logAccess: 'write' } as const
  app.post('/gelf', { config, schema, onRequest: app.reserveMemory }, async (request, reply) => {
    const decode = (body: Buffer) => decodeGelf(body, utcTime())
    const decoded = await storeWholeBody(request, reply, { decode })
    requireUsable(decoded)
    if (decoded.records.length === 0) throw new BadRequest('body must hold a log')
    return reply.code(202).send()
  })
}

/** Tells the coding of GELF by its first byte: many clients pack it and send no Content-Encoding. */
function codingOf (firstByte: number | undefined): string | undefined {
  switch (firstByte) {
    case 0x1f: return 'gzip'
    case 0x78: return 'deflate'
    case openBrace:
    case openBracket: return 'identity'
  }
  return undefined
}

const [openBrace, openBracket] = Buffer.from('{[')

export default gelf
