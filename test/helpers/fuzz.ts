import fc from 'fast-check'
import type { Test } from 'tap'
import type { Piece, Step } from '../../src/decode/steps.ts'
import { BadRequest } from '../../src/errors.ts'
import { severities } from '../../src/model/record.ts'
import { mutated } from './mutated.ts'

export type Decode = (body: Buffer) => Iterable<Step>

/** Output of a decoder, without the steps. */
export function piecesOf<T> (steps: Iterable<T | undefined>): T[] {
  return [...steps].filter((step) => step !== undefined)
}

/**
 * Asserts that a decoder survives any input, above all damaged real payloads: it yields records and rejected pieces, at
 * most as many as there are bytes, or throws BadRequest.
 */
export function survives (t: Test, decode: Decode, payloads: readonly string[]): void {
  const body = fc.oneof(
    ...payloads.map((payload) => mutated(Buffer.from(payload))),
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  )
  fc.assert(fc.property(body, (body) => {
    let pieces: Piece[]
    try {
      pieces = piecesOf(decode(body))
    } catch (error) {
      return error instanceof BadRequest
    }
    return pieces.length <= body.length && pieces.every(isPiece)
  }), { numRuns: 2000 })
  t.pass('survived')
}

function isPiece (piece: Piece): boolean {
  if ('reason' in piece) return typeof piece.raw === 'string' && /^[\x20-\x7e]+$/.test(piece.reason)
  return [piece.eventAt, piece.postTime].every((time) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(time)) &&
    severities.includes(piece.severity) && Number.isSafeInteger(piece.pid) && piece.pid >= 0 &&
    [piece.message, piece.processName, piece.description].every((text) => typeof text === 'string') &&
    (piece.attributes === null || Object.keys(piece.attributes).length > 0)
}

/** Decodes a text. */
export function decoded (decode: Decode, body: string): Piece[] {
  return piecesOf(decode(Buffer.from(body)))
}

const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0) && (Number.isSafeInteger(number) || !Number.isInteger(number))), fc.boolean(), fc.constant(null))

/** Fields of every JSON type, with names that no protocol knows. */
export const attributes = fc.dictionary(
  fc.string({ unit: 'grapheme', minLength: 1 }).map((name) => `x ${name}`),
  fc.oneof(value, fc.array(value), fc.dictionary(fc.constantFrom('a', 'b', 'ж'), value, { noNullPrototype: true })),
  { noNullPrototype: true }
)
