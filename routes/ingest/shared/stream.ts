import type { Readable } from 'node:stream'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Utf8Reader } from '../../../src/decode/unpack/charset.ts'
import { collect, stepBytes, Turns, type Decoded, type Step } from '../../../src/decode/steps.ts'
import { bounded } from '../../../src/decode/limits.ts'
import { inflate, intact } from '../../../src/decode/unpack/index.ts'
import { BadRequest, TooLarge } from '../../../src/errors.ts'
import type { Receipt } from '../../../src/model/batch.ts'
import { accept, tellReceipt, together } from './accept.ts'
import { describe } from './whole-body.ts'

/** How a protocol's body is taken in while it comes. */
export interface StreamProtocol {
  /** Cuts the body into what may be a log each. Throws TooLarge. */
  cutter: { push (chunk: Buffer): Iterable<Buffer>, end (): Iterable<Buffer> }
  /** What decodes the pieces that these bytes hold: the logs of one, the first one being so many of all. */
  decoderOf: (portion: Buffer) => (piece: Buffer, index: number) => Iterable<Step>
  /** Whether the body is a text, which may be in another charset than UTF-8. */
  isText: boolean
  /** What names a portion, beside its bytes, where the same must be stored once. Default: the Idempotency-Key, with the portion's place. */
  nameOf?: (pieces: readonly Buffer[]) => string | undefined
  /** What is unpacked as a whole may have so many bytes. */
  bodyLimit: number
}

/** Of what was rejected so much is told. */
const mostErrors = 100
/** Who sends more pieces that are no logs sends something else, and would fill the database with dead letters. */
const mostRejected = 10_000
/** Logs are stored as soon as there are so many bytes or pieces of them. */
const portionBytes = 512 * 1024
const portionPieces = 1000

export const streamAnswer = Type.Object({
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  errors: Type.Array(Type.Object({ index: Type.Integer(), reason: Type.String() }), { description: `the first ${mostErrors}` })
})

/** From now on the scope's handlers get the body as a stream, as it comes. */
export function takeStreams (scope: FastifyInstance): void {
  scope.removeContentTypeParser('*')
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => scope.memoryOf(request).read(payload))
}

/**
 * Stores a body a portion at a time, in constant memory and whatever its length. Of one that breaks a
 * rule all before that is stored; of one that is broken off whole portions are, so that its like,
 * sent again by the same name, brings them once.
 */
export async function acceptStream (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, { cutter, decoderOf, isText, nameOf, bodyLimit }: StreamProtocol) {
  const answer = { accepted: 0, rejected: 0, errors: [] as Array<{ index: number, reason: string }> }
  const receipts: Receipt[] = []
  let pieces: Buffer[] = []
  let bytes = 0
  const turns = new Turns()
  const text = isText ? new Utf8Reader(request.headers['content-type']) : undefined

  const body = request.body as AsyncIterable<Buffer> | undefined
  const memory = app.memoryOf(request)
  if (body) {
    try {
      for await (const chunk of intact(inflate(body, request.headers['content-encoding'], bodyLimit))) {
        await memory.reserve(chunk.length)
        await addInTurns(text ? text.push(chunk) : chunk)
      }
      if (text) await addInTurns(text.end())
      await addAll(cutter.end())
    } catch (error) {
      if (error instanceof BadRequest || error instanceof TooLarge) await store()
      throw error
    }
    await store()
  }
  tellReceipt(reply, together(receipts))
  if (answer.accepted === 0 && answer.rejected > 0) throw new BadRequest(describe(answer, answer.errors[0]!))
  return answer

  async function addInTurns (chunk: Buffer): Promise<void> {
    for (let start = 0; start < chunk.length; start += stepBytes) {
      await addAll(cutter.push(chunk.subarray(start, start + stepBytes)))
      if (turns.isDue) await turns.give()
    }
  }

  async function addAll (more: Iterable<Buffer>): Promise<void> {
    for (const piece of more) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes >= portionBytes || pieces.length >= portionPieces) await store()
    }
  }

  async function store (): Promise<void> {
    if (pieces.length === 0) return
    const portion = pieces
    pieces = []
    bytes = 0
    const first = answer.accepted + answer.rejected
    // Without its place, equal portions of one body would be stored once.
    const name = request.idempotencyKey === undefined ? nameOf?.(portion) : `${request.idempotencyKey} ${first}`
    const all = Buffer.concat(portion)
    const decoded = await collect(bounded(decodeAll(portion, decoderOf(all), first)))
    receipts.push(await accept(app, request, decoded, all, name))
    memory.shrinkTo(0)
    tell(decoded)
    if (answer.rejected > mostRejected) throw new BadRequest(`body must hold logs: more than ${mostRejected} pieces are no logs`)
  }

  function * decodeAll (portion: readonly Buffer[], decode: ReturnType<typeof decoderOf>, first: number): Generator<Step, void, void> {
    let index = first
    for (const piece of portion) {
      for (const step of decode(piece, index)) {
        yield step
        if (step) index++
      }
    }
  }

  function tell ({ records, rejected }: Decoded): void {
    answer.accepted += records.length
    answer.rejected += rejected.length
    answer.errors.push(...rejected.slice(0, mostErrors - answer.errors.length).map(({ index, reason }) => ({ index, reason })))
  }
}
