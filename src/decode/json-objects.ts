// Logs as JSON objects, one after the other or in a list, as many protocols send them. What is no
// object, or can't become a log, is rejected alone.
import { BadRequest } from '../errors.ts'
import type { LogRecord, Rejected } from '../record.ts'
import type { Piece } from './decoded.ts'
import { isFields, type Fields } from './fields.ts'
import { JsonCutter } from './json-cutter.ts'
import { parseJson, parserOf } from './json.ts'

/** Whose objects they are, and what becomes of one. */
export interface ObjectFormat {
  /** What a rejected piece names. */
  source: string
  /** Throws BadRequest where the object can't become a log. */
  read: (fields: Fields) => LogRecord
}

/** The logs of a whole body; `list` is the name of a list of logs that an object may be. */
export function * decodeObjects (body: Buffer, format: ObjectFormat, list?: string): Generator<Piece, void, void> {
  const parse = parserOf(body)
  let index = 0
  for (const piece of cut(body, list)) {
    for (const decoded of decodeObject(piece, index, format, parse)) {
      yield decoded
      index++
    }
  }
}

/**
 * The logs of one piece of JSON, its first one being so many of all. What is none is rejected: where the
 * piece is no JSON and its last line begins as an object does, that line is a piece of its own.
 */
export function decodeObject (piece: Buffer, index: number, format: ObjectFormat, parse = parseJson): Iterable<Piece> {
  let value: unknown
  try {
    value = parse(piece)
  } catch (error) {
    const lineBreak = piece.lastIndexOf('\n{')
    if (lineBreak === -1) return [reject(error, format, index, piece.toString())]
    const broken = reject(error, format, index, piece.toString('utf8', 0, lineBreak))
    return [broken, ...decodeObject(piece.subarray(lineBreak + 1), index + 1, format, parse)]
  }
  return Array.isArray(value) ? decodeList(value, index, format) : [decode(value, format, index, () => piece.toString())]
}

function * decodeList (list: readonly unknown[], index: number, format: ObjectFormat): Generator<Piece, void, void> {
  for (const [offset, log] of list.entries()) yield decode(log, format, index + offset, () => JSON.stringify(log))
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
  if (error instanceof BadRequest) return { source, index, reason: error.message, raw }
  throw error
}

function * cut (body: Buffer, list: string | undefined): Generator<Buffer, void, void> {
  const cutter = new JsonCutter(Infinity, list)
  yield * cutter.push(body)
  yield * cutter.end()
}
