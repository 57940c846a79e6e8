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

interface TextPiece {
  bytes: Buffer
  isLine: boolean
  arrival: UtcTime
  parse: Parse
  how: TextReading
}

/** Decodes a piece; `index` is the number of its first log within the body. */
export function decodeTextPiece (piece: TextPiece, index: number): Iterable<Step> {
  if (piece.isLine) return [decodeLine(piece.bytes, index, piece)]
  return piece.how.given ? decodeJsonOfText(piece, index) : decodeJson(piece, index)
}

/** Decodes a line; bytes that are not text are rejected. */
function decodeLine (line: Buffer, index: number, { how, arrival }: TextPiece): LogRecord | Rejected {
  if (isReadable(line)) return decodeTextLine(line, how.given ?? {}, arrival)
  return { source: 'json', index, reason: 'body must be JSON or lines of text', raw: rawOf(line) }
}

function decodeJson ({ bytes, arrival, parse, how }: TextPiece, index: number): Iterable<Step> {
  return decodeJsonLog(bytes, index, { reading: how.reading, given: how.given, arrival, parse })
}

/** Decodes JSON within a text: what cannot become a log is a line of text. */
function * decodeJsonOfText (piece: TextPiece, index: number): Generator<Step, void, void> {
  for (const step of decodeJson(piece, index)) {
    yield step && 'reason' in step ? decodeLine(bytesOfRaw(step.raw), index, piece) : step
  }
}
