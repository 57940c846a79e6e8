import type { FastifyRequest } from 'fastify'

export type Encoding = 'json' | 'protobuf'

/**
 * Tells the encoding of a body by its content type, or else by its first byte.
 *
 * `emptyAs` is the encoding of an empty body with another content type.
 */
export function encodingOf ({ headers, body }: FastifyRequest, emptyAs: Encoding): Encoding {
  const { 'content-type': type = '' } = headers
  if (/json/i.test(type)) return 'json'
  if (/protobuf/i.test(type)) return 'protobuf'
  if (!Buffer.isBuffer(body)) return emptyAs
  return body[0] === openBrace ? 'json' : 'protobuf'
}

const openBrace = 0x7b
