// Logs as lines of text, among which lines may be JSON; and as JSON, among which lines may be text. See line-cutter.ts.
import type { Rejected } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { decodeJsonLog, type GivenParts } from './json/logs.ts'
import type { Parse } from './json/parse.ts'
import type { Reading } from './record/index.ts'
import type { Step } from './steps.ts'
import { isReadable } from './syslog/port.ts'
import { decodeTextLine } from './text-line.ts'
import { bytesOfRaw, rawOf } from './unpack/charset.ts'

/** How the logs of a body are read. */
export interface TextReading {
  reading: Reading
  /** Parts of logs that do not give them; undefined for JSON, of which broken pieces are rejected. */
  given: GivenParts | undefined
}

interface TextPiece extends TextReading {
  bytes: Buffer
  isLine: boolean
  arrival: UtcTime
  parse: Parse
}

/** Decodes a piece; `index` is the number of its first log within the body. */
export function decodeTextPiece (piece: TextPiece, index: number): Iterable<Step> {
  const { bytes, isLine, given } = piece
  if (isLine) return [decodeLine(bytes, index, piece)]
  return given ? decodeJsonOfText(piece, index) : decodeJsonLog(bytes, index, piece)
}

/** Decodes a line; bytes that are not text are rejected. */
function decodeLine (line: Buffer, index: number, { given = {}, arrival }: TextPiece): LogRecord | Rejected {
  if (isReadable(line)) return decodeTextLine(line, given, arrival)
  return { source: 'json', index, reason: 'body must be JSON or lines of text', raw: rawOf(line) }
}

/** Decodes JSON within a text: what cannot become a log is a line of text. */
function * decodeJsonOfText (piece: TextPiece, index: number): Generator<Step, void, void> {
  for (const step of decodeJsonLog(piece.bytes, index, piece)) {
    yield step && 'reason' in step ? decodeLine(bytesOfRaw(step.raw), index, piece) : step
  }
}
