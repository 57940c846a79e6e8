import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { BadRequest, TooLarge } from '../../errors.ts'
import { runInTurns } from '../steps.ts'
import { unsnapSteps } from './snappy.ts'
import { unzstd } from './zstd.ts'

/** Decompressors by `Content-Encoding`. */
const codings: Record<string, (body: Readable, limit: number) => Readable> = {
  gzip: (body) => through(body, createGunzip()),
  'x-gzip': (body) => through(body, createGunzip()),
  deflate: (body) => through(body, createInflate()),
  br: (body) => through(body, createBrotliDecompress()),
  zstd: (body) => Readable.from(unzstd(body), { objectMode: false }),
  snappy: (body, limit) => through(body, new Unsnappy(limit))
}

/** Unpacked bytes that any stream may have. */
const freeUnpackedBytes = 64 * 1024 * 1024
/** Further unpacked bytes for each packed byte: very similar logs reach 50, a bomb 1,000 and more. */
const maxRatio = 100

/**
 * Decompresses a body by its Content-Encoding, in constant memory.
 *
 * Throws BadRequest for an unknown coding. The stream fails with BadRequest if the bytes do not match the coding, and
 * with TooLarge if they expand too far, or are more than `limit` bytes of snappy, which is unpacked as a whole.
 */
export function inflate (
  body: AsyncIterable<Buffer>, coding: string | undefined, limit: number
): AsyncIterable<Buffer> {
  const names = (coding ?? '').toLowerCase().split(',').map((name) => name.trim())
  const [name, ...others] = names.filter((name) => name !== '' && name !== 'identity')
  if (name === undefined) return body
  const unpack = Object.hasOwn(codings, name) ? codings[name] : undefined
  if (others.length > 0 || !unpack) {
    throw new BadRequest('header Content-Encoding must be gzip, deflate, br, zstd, snappy or identity')
  }
  const packed = { bytes: 0 }
  return withinRatio(unpack(Readable.from(counted(body, packed), { objectMode: false }), limit), packed)
}

async function * counted (body: AsyncIterable<Buffer>, packed: { bytes: number }): AsyncGenerator<Buffer, void, void> {
  for await (const part of body) {
    packed.bytes += part.length
    yield part
  }
}

async function * withinRatio (
  body: AsyncIterable<Buffer>, packed: { bytes: number }
): AsyncGenerator<Buffer, void, void> {
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > freeUnpackedBytes + maxRatio * packed.bytes) {
      const limit = `${freeUnpackedBytes} bytes and ${maxRatio} for each byte that was sent`
      throw new TooLarge(`the body must not be unpacked to more than ${limit}`)
    }
    yield part
  }
}

function through (body: Readable, transform: Transform): Readable {
  return pipeline(body, transform, () => {})
}

/** A body in parts. */
export interface Parts extends AsyncIterable<Buffer> {
  /** Resolves to the whole body, if it can be had at once. */
  readAtOnce? (): Promise<Buffer | undefined>
}

/**
 * Reads a whole body; `onBytes` is awaited before a part is kept.
 * Throws TooLarge past the limit, and BadRequest if it is not packed as its Content-Encoding says.
 */
export async function readWhole (
  body: Parts, limit: number, onBytes?: (bytes: number) => unknown
): Promise<Buffer> {
  const whole = await body.readAtOnce?.()
  if (whole) {
    requireAtMost(limit, whole.length)
    await onBytes?.(whole.length)
    return whole
  }
  const parts: Buffer[] = []
  let length = 0
  for await (const part of intact(body)) {
    length += part.length
    requireAtMost(limit, length)
    await onBytes?.(part.length)
    parts.push(part)
  }
  const [first = Buffer.alloc(0)] = parts
  return parts.length <= 1 ? first : Buffer.concat(parts)
}

function requireAtMost (limit: number, length: number): void {
  if (length > limit) throw new TooLarge(`the body must have ${limit} bytes at most, unpacked`)
}

/** Yields the parts of a body. An error of a decompressor becomes BadRequest, because it is the sender's mistake. */
export async function * intact (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    for await (const part of body) yield part
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const isUnpacking = /^(Z_|ERR_.*BROTLI|ERR__ERROR|ERR_PADDING)/.test(code)
    throw isUnpacking ? new BadRequest('body is not packed as Content-Encoding says') : error
  }
}

/** Unpacks Snappy's block format, which clients of Loki and Prometheus send, as a whole. */
class Unsnappy extends Transform {
  readonly #limit: number
  readonly #parts: Buffer[] = []
  #length = 0

  constructor (limit: number) {
    super()
    this.#limit = limit
  }

  override _transform (chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#parts.push(chunk)
    this.#length += chunk.length
    done(this.#length > this.#limit ? new TooLarge(`the body must have ${this.#limit} bytes at most`) : null)
  }

  async #unpack (): Promise<Buffer> {
    return runInTurns(unsnapSteps(Buffer.concat(this.#parts), this.#limit))
  }

  override _flush (done: TransformCallback): void {
    this.#unpack().then((unpacked) => done(null, unpacked), done)
  }
}
