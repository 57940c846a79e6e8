import type { Readable } from 'node:stream'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Utf8Reader } from '../../../src/decode/unpack/charset.ts'
import { collect, stepBytes, Turns, type Decoded, type Step } from '../../../src/decode/steps.ts'
import { bounded } from '../../../src/decode/limits.ts'
import { inflate, intact } from '../../../src/decode/unpack/index.ts'
import { BadRequest, TooLarge } from '../../../src/errors.ts'
import { setReceiptHeaders } from '../../../src/http/receipt.ts'
import type { Receipt } from '../../../src/model/batch.ts'
import { mergeReceipts, storeInParts } from './store-in-parts.ts'
import { describeUnusable } from './whole-body.ts'

/** Decodes one piece; `index` is the number of its first log within the body. */
type DecodePiece = (piece: Buffer, index: number) => Iterable<Step>

/** How a protocol's body is decoded while it arrives. */
export interface StreamProtocol {
  /** Cuts the body into pieces, each of which may be a log. Throws TooLarge. */
  cutter: { push (chunk: Buffer): Iterable<Buffer>, end (): Iterable<Buffer> }
  /** Returns the decoder for the pieces of a portion, given the bytes of all of them. */
  decoderOf: (portion: Buffer) => DecodePiece
  /** Whether the body is text, which may have another charset than UTF-8. */
  isText: boolean
  /**
   * Names a portion without Idempotency-Key of which the same must be stored once. Default: none.
   *
   * With an Idempotency-Key, a portion is named by that and its position.
   */
  nameOf?: (pieces: readonly Buffer[]) => string | undefined
  /** Maximum size of a body that must be unpacked as a whole, in bytes. */
  bodyLimit: number
}

/** Rejected pieces that the answer lists. */
const maxErrors = 100
/** Rejected pieces of a body; more means that it does not hold logs, and would fill the database with dead letters. */
const maxRejected = 10_000
/** Logs are stored once this many bytes or pieces of them have arrived. */
const portionBytes = 512 * 1024
const portionPieces = 1000

export const streamAnswer = Type.Object({
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  errors: Type.Array(Type.Object({ index: Type.Integer(), reason: Type.String() }), {
    description: `the first ${maxErrors}`
  })
})

export type StreamAnswer = Static<typeof streamAnswer>

/** Gives the scope's handlers the body as a stream, as it arrives. */
export function parseAsStream (scope: FastifyInstance): void {
  scope.removeContentTypeParser('*')
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    return scope.memoryOf(request).read(payload)
  })
}

/**
 * Stores a body in portions, in constant memory whatever its length.
 *
 * If the body turns out to be invalid, everything before that point is stored. If the connection breaks, only complete
 * portions are stored, so a retry with the same Idempotency-Key stores each log once.
 */
export async function storeStream (
  request: FastifyRequest, reply: FastifyReply, protocol: StreamProtocol
): Promise<StreamAnswer> {
  const portions = new Portions(request, protocol)
  // The parser of `parseAsStream` made it; a request without a body has none.
  const body = request.body as AsyncIterable<Buffer> | undefined
  if (body) {
    try {
      await cutIntoPieces(body, request, protocol, portions)
    } catch (error) {
      if (error instanceof BadRequest || error instanceof TooLarge) await portions.store()
      throw error
    }
    await portions.store()
  }
  const { answer, receipts } = portions
  setReceiptHeaders(reply, mergeReceipts(receipts))
  const [first] = answer.errors
  if (answer.accepted === 0 && first) throw new BadRequest(describeUnusable(0, answer.rejected, first))
  return answer
}

async function cutIntoPieces (
  body: AsyncIterable<Buffer>, request: FastifyRequest, protocol: StreamProtocol, portions: Portions
): Promise<void> {
  const { cutter, isText, bodyLimit } = protocol
  const { headers } = request
  const memory = request.server.memoryOf(request)
  const text = isText ? new Utf8Reader(headers['content-type']) : undefined
  const turns = new Turns()
  const cut = async (chunk: Buffer) => {
    for (let start = 0; start < chunk.length; start += stepBytes) {
      await portions.add(cutter.push(chunk.subarray(start, start + stepBytes)))
      if (turns.isDue) await turns.give()
    }
  }
  for await (const chunk of intact(inflate(body, headers['content-encoding'], bodyLimit))) {
    await memory.reserve(chunk.length)
    await cut(text ? text.push(chunk) : chunk)
  }
  if (text) await cut(text.end())
  await portions.add(cutter.end())
}

/** Collects pieces, and stores them as soon as they fill a portion. */
class Portions {
  readonly answer: StreamAnswer = { accepted: 0, rejected: 0, errors: [] }
  readonly receipts: Receipt[] = []
  readonly #request: FastifyRequest
  readonly #protocol: StreamProtocol
  #pieces: Buffer[] = []
  #bytes = 0

  constructor (request: FastifyRequest, protocol: StreamProtocol) {
    this.#request = request
    this.#protocol = protocol
  }

  async add (pieces: Iterable<Buffer>): Promise<void> {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#bytes += piece.length
      if (this.#bytes >= portionBytes || this.#pieces.length >= portionPieces) await this.store()
    }
  }

  /** Stores the pieces collected so far. Throws BadRequest if too many were rejected. */
  async store (): Promise<void> {
    if (this.#pieces.length === 0) return
    const portion = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    const request = this.#request
    const { decoderOf, nameOf } = this.#protocol
    const { idempotencyKey } = request
    const start = this.answer.accepted + this.answer.rejected
    // Without their position, equal portions of one body would be stored once.
    const name = idempotencyKey === undefined ? nameOf?.(portion) : `${idempotencyKey} ${start}`
    const body = Buffer.concat(portion)
    const decoded = await collect(bounded(decodeAll(portion, decoderOf(body), start)))
    this.receipts.push(await storeInParts(request, decoded, { body, name }))
    request.server.memoryOf(request).shrinkTo(0)
    this.#count(decoded)
    if (this.answer.rejected > maxRejected) {
      throw new BadRequest(`body must hold logs: more than ${maxRejected} pieces can't be used`)
    }
  }

  #count ({ records, rejected }: Decoded): void {
    const { answer } = this
    answer.accepted += records.length
    answer.rejected += rejected.length
    const listed = rejected.slice(0, maxErrors - answer.errors.length)
    answer.errors.push(...listed.map(({ index, reason }) => ({ index, reason })))
  }
}

function * decodeAll (
  portion: readonly Buffer[], decode: DecodePiece, start: number
): Generator<Step, void, void> {
  let index = start
  for (const piece of portion) {
    for (const step of decode(piece, index)) {
      yield step
      if (step) index++
    }
  }
}
