import { BadRequest } from '../errors.ts'
import type { Origin, OtlpLog } from './otlp-log.ts'

/** A part of a request, not looked at yet: a log with what it shares with others, or what can't hold one, and why. */
export type OtlpPiece =
  | { raw: Buffer, origin: Origin, resource: Buffer | string, scope: Buffer | string }
  | { raw: Buffer, reason: string }

export interface OtlpEncoding {
  /** What names it in dead letters. */
  source: string
  /** The parts of a request, each a part of its bytes. Throws BadRequest where it breaks off. */
  walk (body: Buffer): Generator<OtlpPiece, void, void>
  /** Throws BadRequest. */
  readLog (raw: Buffer): OtlpLog
  /** A request with one log. */
  wrap (resource: Buffer | string, scope: Buffer | string, log: Buffer): Buffer
  /** Bytes of a request, as dead letters keep them. */
  textOf (bytes: Buffer): string
}

/** The parts of a message; where it breaks off, what comes after the last of them is one more, which can't hold a log. */
export function * followToBreak (walk: (message: Buffer) => Iterable<OtlpPiece>, message: Buffer): Generator<OtlpPiece, void, void> {
  let end = message.byteOffset
  try {
    for (const piece of walk(message)) {
      yield piece
      end = piece.raw.byteOffset + piece.raw.length
    }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    yield { reason: error.message, raw: message.subarray(end - message.byteOffset) }
  }
}
