import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { toUtf8 } from '../../../src/decode/unpack/charset.ts'
import { inflate, readWhole } from '../../../src/decode/unpack/index.ts'

/** Tells a content coding by the first byte of a body; undefined leaves it to Content-Encoding. */
export type CodingOf = (firstByte: number | undefined) => string | undefined

/** Gives the scope's handlers the body as a Buffer: unpacked, and text in UTF-8. */
export function parseAsBuffer (scope: FastifyInstance, bodyLimit: number, codingOf?: CodingOf): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const { 'content-encoding': declaredCoding, 'content-type': contentType } = request.headers
    const memory = scope.memoryOf(request)
    const countBytes = (bytes: number) => memory.reserve(bytes)
    let body: AsyncIterable<Buffer> = memory.read(payload)
    let seenCoding: string | undefined
    if (codingOf) {
      const packed = await readWhole(body, bodyLimit)
      seenCoding = codingOf(packed[0])
      body = streamOf(packed)
    }
    const unpacked = inflate(body, seenCoding ?? declaredCoding, bodyLimit)
    const isPacked = unpacked !== body
    const whole = isPacked ? await readWhole(unpacked, bodyLimit, countBytes) : await readWhole(body, bodyLimit)
    return toUtf8(whole, contentType, countBytes)
  })
}

async function * streamOf (part: Buffer): AsyncGenerator<Buffer, void, void> {
  yield part
}
