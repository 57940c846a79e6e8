// Bodies that say they are text: lines, each a log. Many clients say so and send JSON, which counts for more.
import type { LogRecord } from '../model/record.ts'
import type { Piece, Step } from './steps.ts'
import { Growth } from './limits.ts'
import { linesOf } from './lines.ts'

/** The logs of a text: those of JSON, where all of it is; else a log for each line, unless the line is JSON. */
export function * decodeTextBody (text: Buffer, decodeJson: (json: Buffer) => Iterable<Step>, recordOfLine: (line: string) => LogRecord): Generator<Step, void, void> {
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

/** How a line begins that may be JSON. */
const jsonStart = /^\ufeff?\s*[[{]/

/** Undefined where any of it is no JSON, or no log as JSON. */
function * piecesOfJson (text: Buffer, decodeJson: (json: Buffer) => Iterable<Step>): Generator<undefined, Piece[] | undefined, void> {
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
