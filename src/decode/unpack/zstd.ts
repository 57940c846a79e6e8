// Zstandard (RFC 8878), which Node 20 lacks, in constant memory. A few bytes may stand for 128 KB, and a header may ask
// for a window of gigabytes: so a frame is unpacked block by block, each after the one before it was consumed, and the
// window is bounded as the RFC recommends.
import type { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { Decompress } from 'fzstd'
import { BadRequest } from '../../errors.ts'

const maxWindowBytes = 8 * 1024 * 1024
const maxBlockBytes = 128 * 1024
const frameMagic = 0xfd2fb528
/** The last four bits may have any value. */
const skippableMagic = 0x184d2a50

/** The unpacked bytes. Throws BadRequest. */
export async function * unzstd (body: Readable): AsyncGenerator<Uint8Array, void, void> {
  let unpacked: Uint8Array[] = []
  const decompress = new Decompress((part) => unpacked.push(part))
  for await (const unit of unitsOf(body)) {
    yield * push(unit)
    // Without this, a whole chunk would be unpacked before other work gets a turn.
    await turn()
  }
  yield * push(new Uint8Array(), true)

  function push (unit: Uint8Array, isLast = false): Uint8Array[] {
    unpacked = []
    try {
      decompress.push(unit, isLast)
    } catch {
      throw malformed()
    }
    return unpacked.filter(({ length }) => length > 0)
  }
}

/** Yields headers, blocks and checksums; frames without data are skipped. */
async function * unitsOf (body: Readable): AsyncGenerator<Buffer, void, void> {
  const bytes = new ByteReader(body)
  while (await bytes.hasMore()) {
    const magic = await bytes.take(4)
    const number = magic.readUInt32LE()
    if (number >>> 4 === skippableMagic >>> 4) {
      await bytes.skip((await bytes.take(4)).readUInt32LE())
      continue
    }
    if (number !== frameMagic) throw malformed()

    const flags = (await bytes.take(1)).readUInt8()
    const isSingleSegment = (flags & 0x20) !== 0
    const idBytes = [0, 1, 2, 4][flags & 3] ?? 0
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0
    const rest = await bytes.take((isSingleSegment ? 0 : 1) + idBytes + sizeBytes)
    if (windowOf(rest, isSingleSegment, idBytes, sizeBytes) > maxWindowBytes) {
      throw new BadRequest(`body must be packed by zstd with a window of ${maxWindowBytes} bytes at most`)
    }
    yield Buffer.concat([magic, Buffer.of(flags), rest])

    for (let isLast = false; !isLast;) {
      const head = await bytes.take(3)
      const field = head.readUIntLE(0, 3)
      isLast = (field & 1) === 1
      const isRepeated = ((field >> 1) & 3) === 1
      if (field >> 3 > maxBlockBytes) throw malformed()
      yield Buffer.concat([head, await bytes.take(isRepeated ? 1 : field >> 3)])
    }
    if ((flags & 4) !== 0) yield await bytes.take(4)
  }
}

function windowOf (rest: Buffer, isSingleSegment: boolean, idBytes: number, sizeBytes: number): number {
  if (!isSingleSegment) {
    const descriptor = rest.readUInt8()
    return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8)
  }
  return sizeBytes === 8 ? Number(rest.readBigUInt64LE(idBytes)) : rest.readUIntLE(idBytes, sizeBytes)
}

function malformed (): Error {
  return new BadRequest('body is not packed as Content-Encoding says')
}

/** Reads given numbers of bytes from a stream. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>
  #left: Buffer = Buffer.alloc(0)

  constructor (body: Readable) {
    this.#chunks = body[Symbol.asyncIterator]()
  }

  async hasMore (): Promise<boolean> {
    while (this.#left.length === 0) {
      const { done, value } = await this.#chunks.next()
      if (done) return false
      this.#left = value
    }
    return true
  }

  /** Throws BadRequest if the stream ends earlier. */
  async take (length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let missing = length; missing > 0;) {
      const part = await this.#takeSome(missing)
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  async skip (length: number): Promise<void> {
    for (let missing = length; missing > 0;) missing -= (await this.#takeSome(missing)).length
  }

  async #takeSome (max: number): Promise<Buffer> {
    if (!await this.hasMore()) throw malformed()
    const part = this.#left.subarray(0, max)
    this.#left = this.#left.subarray(max)
    return part
  }
}
