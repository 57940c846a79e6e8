// Logs as JSON objects, one after the other or in a list, as many protocols send them. A value that is not an object,
// or cannot become a log, is rejected alone.
import { BadRequest, TooLarge } from '../../errors.ts'
import type { Rejected } from '../../model/batch.ts'
import type { LogRecord } from '../../model/record.ts'
import { parseLog, rawOf } from '../unpack/charset.ts'
import { stepBytes, type Piece, type Step } from '../steps.ts'
import { maxAttributes } from '../limits.ts'
import { isFields, narrow, type Fields } from '../record/fields.ts'
import { JsonCutter } from './cutter.ts'
import { parseJson, parserOf, type Parse } from './parse.ts'

/** How a protocol's objects become logs. */
export interface ObjectFormat {
  /** Source of rejected pieces. */
  source: string
  /** Names of fields that may give parts of the record: they are kept even in an object with too many fields. */
  own: { has: (name: string) => boolean }
  /** Fields that hold further fields of the log. */
  inner?: readonly string[]
  /** Repairs a piece that is not JSON; undefined if its meaning is uncertain. */
  repair?: (piece: Buffer) => Buffer | undefined
  /** Throws BadRequest if the object cannot become a log. */
  read: (fields: Fields) => LogRecord
}

/** Decodes a whole body. An object may have its logs in a list of the name `list`. */
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
 * Decodes one piece of JSON; `index` is the number of its first log within the body. A piece that is not a log is
 * rejected. If it is not JSON and its last line begins like an object, that line is a piece of its own.
 */
export function decodeObject (piece: Buffer, index: number, format: ObjectFormat, parse = parseJson): Iterable<Step> {
  const value = piece.length <= stepBytes ? tryParse(piece, parse) : undefined
  // Most pieces are one small object, which needs no steps.
  if (isFields(value)) return [decode(value, format, index, () => rawOf(piece))]
  return decodeInSteps(piece, index, format, parse)
}

function tryParse (piece: Buffer, parse: Parse): unknown {
  try {
    return parse(piece)
  } catch (error) {
    if (error instanceof BadRequest) return undefined
    throw error
  }
}

function * decodeInSteps (
  piece: Buffer, index: number, format: ObjectFormat, parse: Parse
): Generator<Step, void, void> {
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
  if (!Array.isArray(value)) {
    const log = isLarge ? yield * narrowLog(value, format) : value
    return yield decode(log, format, index, () => rawOf(piece))
  }
  for (const [offset, element] of value.entries()) {
    const log = isLarge ? yield * narrowLog(element, format) : element
    yield decode(log, format, index + offset, () => JSON.stringify(element))
  }
}

function * parsePiece (piece: Buffer, { repair }: ObjectFormat, parse: Parse): Generator<undefined, unknown, void> {
  try {
    return yield * parseLog(piece, parse)
  } catch (error) {
    const repaired = repair?.(piece)
    if (!repaired) throw error
    return yield * parseLog(repaired)
  }
}

function * narrowLog (log: unknown, { own, inner = [] }: ObjectFormat): Generator<undefined, unknown, void> {
  if (!isFields(log)) return log
  const narrowed = yield * narrow(log, own)
  let room = maxAttributes - Object.keys(narrowed).length
  for (const name of inner) {
    const fields = narrowed[name]
    if (!Object.hasOwn(narrowed, name) || !isFields(fields)) continue
    const within = yield * narrow(fields, own, room)
    room -= Object.keys(within).length
    narrowed[name] = within
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

/** Cuts a body into pieces; undefined for a step between them. */
function * cut (body: Buffer, list: string | undefined): Generator<Buffer | undefined, void, void> {
  const cutter = new JsonCutter(Infinity, list)
  for (let start = 0; start < body.length; start += stepBytes) {
    if (start > 0) yield
    yield * cutter.push(body.subarray(start, start + stepBytes))
  }
  yield * cutter.end()
}
