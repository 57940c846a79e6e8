// Bodies whose content type is text: each line is a log. Many clients send JSON under that type, which is read as JSON.
import type { LogRecord } from '../model/record.ts'
import type { Piece, Step } from './steps.ts'
import { Growth } from './limits.ts'
import { linesOf } from './lines.ts'

/** Decodes a text: as JSON, if all of it is; else each line is a log, or JSON. */
export function * decodeTextBody (
  text: Buffer, decodeJson: (json: Buffer) => Iterable<Step>, recordOfLine: (line: string) => LogRecord
): Generator<Step, void, void> {
  const all = yield * piecesOfJson(text, decodeJson)
  if (all) return yield * all
  let index = 0
  for (const line of linesOf(text)) {
    if (line === undefined) {
      yield
      continue
    }
    const pieces = jsonStart.test(line) ? yield * piecesOfJson(Buffer.from(line), decodeJson) : undefined
    for (const piece of pieces ?? [recordOfLine(line)]) {
      yield 'reason' in piece ? { ...piece, index } : piece
      index++
    }
  }
}

/** Start of a line that may be JSON. */
const jsonStart = /^\ufeff?\s*[[{]/

/** Pieces of a text of JSON; undefined if any part of it is not JSON, or not a log. */
function * piecesOfJson (
  text: Buffer, decodeJson: (json: Buffer) => Iterable<Step>
): Generator<undefined, Piece[] | undefined, void> {
  if (!/^(\xef\xbb\xbf)?\s*[[{]/.test(text.toString('latin1', 0, 100))) return undefined
  const pieces: Piece[] = []
  const growth = new Growth()
  for (const step of decodeJson(text)) {
    if (step === undefined) {
      yield
      continue
    }
    if ('reason' in step && /^body must|^a log must be a JSON object/.test(step.reason)) return undefined
    growth.addLog()
    pieces.push(step)
  }
  return pieces
}
