import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { toUtf8 } from '../../../src/decode/unpack/charset.ts'
import { inflate, readWhole } from '../../../src/decode/unpack/index.ts'

/** From now on the scope's handlers get a body as a Buffer, unpacked, and a text in UTF-8. `codingOf` may see by the first byte how it is packed, whatever Content-Encoding says. */
export function takeBodies (scope: FastifyInstance, bodyLimit: number, codingOf?: (firstByte: number | undefined) => string | undefined): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const { 'content-encoding': coding, 'content-type': contentType } = request.headers
    const memory = scope.memoryOf(request)
    const countBytes = (bytes: number) => memory.reserve(bytes)
    let body: AsyncIterable<Buffer> = memory.read(payload)
    let seen: string | undefined
    if (codingOf) {
      const packed = await readWhole(body, bodyLimit)
      seen = codingOf(packed[0])
      body = only(packed)
    }
    const unpacked = inflate(body, seen ?? coding, bodyLimit)
    const whole = unpacked === body ? await readWhole(body, bodyLimit) : await readWhole(unpacked, bodyLimit, countBytes)
    return toUtf8(whole, contentType, countBytes)
  })
}

async function * only (part: Buffer): AsyncGenerator<Buffer, void, void> {
  yield part
}
