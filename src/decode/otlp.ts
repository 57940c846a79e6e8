// Logs of OpenTelemetry, as OTLP/HTTP carries them; how each becomes a record is told in otlp-log.ts.
// A log that is none is rejected as a request that holds it alone, with its resource and scope; where
// the request itself breaks off, what is left of it is one piece, and rejected too.
import { BadRequest } from '../errors.ts'
import type { UtcTime } from '../record.ts'
import type { Piece } from './decoded.ts'
import { Growth } from './growth.ts'
import { followToBreak, type OtlpPiece } from './otlp-encoding.ts'
import { otlpJson } from './otlp-json.ts'
import { recordOfOtlp } from './otlp-log.ts'
import { otlpProtobuf } from './otlp-protobuf.ts'

export const otlpEncodings = { json: otlpJson, protobuf: otlpProtobuf }

/** The logs of a request. Throws TooLarge where they would take too much memory. */
export function * decodeOtlp (body: Buffer, encoding: keyof typeof otlpEncodings, arrival: UtcTime): Generator<Piece, void, void> {
  const { source, walk, readLog, wrap, textOf } = otlpEncodings[encoding]
  const growth = new Growth()
  let index = 0
  for (const piece of followToBreak(walk, body)) {
    growth.add('reason' in piece ? 0 : piece.resource.length + piece.scope.length)
    yield decode(piece)
    index++
  }

  function decode (piece: OtlpPiece): Piece {
    if ('reason' in piece) return { source, index, reason: piece.reason, raw: textOf(piece.raw) }
    const { raw, origin, resource, scope } = piece
    try {
      return recordOfOtlp(readLog(raw), origin, arrival)
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      return { source, index, reason: error.message, raw: textOf(wrap(resource, scope, raw)) }
    }
  }
}
