// Logs as JSON objects, one after the other or in a list, as many protocols send them. What is no
// object, or can't become a log, is rejected alone.
import { BadRequest, TooLarge } from '../../errors.ts'
import type { Rejected } from '../../model/batch.ts'
import type { LogRecord } from '../../model/record.ts'
import { parseLog, rawOf } from '../unpack/charset.ts'
import { stepBytes, type Piece, type Step } from '../steps.ts'
import { isFields, narrow, type Fields } from '../record/fields.ts'
import { JsonCutter } from './cutter.ts'
import { parseJson, parserOf, type Parse } from './parse.ts'

/** Whose objects they are, and what becomes of one. */
export interface ObjectFormat {
  /** What a rejected piece names. */
  source: string
  /** Names of fields that a log's own values may be in: of an object with very many they are kept whatever their place. */
  own: { has: (name: string) => boolean }
  /** Fields that hold further fields of the log. */
  inner?: readonly string[]
  /** The JSON that a piece means which is none; undefined where it means nothing for certain. */
  mend?: (piece: Buffer) => Buffer | undefined
  /** Throws BadRequest where the object can't become a log. */
  read: (fields: Fields) => LogRecord
}

/** The logs of a whole body; `list` is the name of a list of logs that an object may be. */
export function * decodeObjects (body: Buffer, format: ObjectFormat, list?: string): Generator<Step, void, void> {
  const parse = parserOf(body)
  let index = 0
  for (const piece of cut(body, list)) {
    if (piece === undefined) {
      yield
      continue
    }
    for (const step of decodeObject(piece, index, format, parse)) {
      yield step
      if (step) index++
    }
  }
}

/**
 * The logs of one piece of JSON, its first one being so many of all. What is none is rejected: where the
 * piece is no JSON and its last line begins as an object does, that line is a piece of its own.
 */
export function decodeObject (piece: Buffer, index: number, format: ObjectFormat, parse = parseJson): Iterable<Step> {
  const value = piece.length <= stepBytes ? tryParse(piece, parse) : undefined
  // Most pieces are one small object, which needs no steps.
  return isFields(value) ? [decode(value, format, index, () => rawOf(piece))] : decodeInSteps(piece, index, format, parse)
}

function tryParse (piece: Buffer, parse: Parse): unknown {
  try {
    return parse(piece)
  } catch (error) {
    if (error instanceof BadRequest) return undefined
    throw error
  }
}

function * decodeInSteps (piece: Buffer, index: number, format: ObjectFormat, parse: Parse): Generator<Step, void, void> {
  let value: unknown
  try {
    value = yield * parsePiece(piece, format, parse)
  } catch (error) {
    const lineBreak = piece.lastIndexOf('\n{')
    if (lineBreak === -1) return yield reject(error, format, index, rawOf(piece))
    yield reject(error, format, index, rawOf(piece.subarray(0, lineBreak)))
    return yield * decodeObject(piece.subarray(lineBreak + 1), index + 1, format, parse)
  }
  const isLarge = piece.length > stepBytes
  if (!Array.isArray(value)) return yield decode(isLarge ? yield * narrowLog(value, format) : value, format, index, () => rawOf(piece))
  for (const [offset, log] of value.entries()) yield decode(isLarge ? yield * narrowLog(log, format) : log, format, index + offset, () => JSON.stringify(log))
}

function * parsePiece (piece: Buffer, { mend }: ObjectFormat, parse: Parse): Generator<undefined, unknown, void> {
  try {
    return yield * parseLog(piece, parse)
  } catch (error) {
    const mended = mend?.(piece)
    if (!mended) throw error
    return yield * parseLog(mended)
  }
}

function * narrowLog (log: unknown, { own, inner = [] }: ObjectFormat): Generator<undefined, unknown, void> {
  if (!isFields(log)) return log
  const narrowed = yield * narrow(log, own)
  for (const name of inner) {
    const fields = narrowed[name]
    if (Object.hasOwn(narrowed, name) && isFields(fields)) narrowed[name] = yield * narrow(fields, own)
  }
  return narrowed
}

function decode (log: unknown, format: ObjectFormat, index: number, raw: () => string): Piece {
  try {
    if (!isFields(log)) throw new BadRequest('a log must be a JSON object')
    return format.read(log)
  } catch (error) {
    return reject(error, format, index, raw())
  }
}

function reject (error: unknown, { source }: ObjectFormat, index: number, raw: string): Rejected {
  if (error instanceof BadRequest || error instanceof TooLarge) return { source, index, reason: error.message, raw }
  throw error
}

/** The pieces of a body, with undefined for the steps between them. */
function * cut (body: Buffer, list: string | undefined): Generator<Buffer | undefined, void, void> {
  const cutter = new JsonCutter(Infinity, list)
  for (let start = 0; start < body.length; start += stepBytes) {
    if (start > 0) yield
    yield * cutter.push(body.subarray(start, start + stepBytes))
  }
  yield * cutter.end()
}
