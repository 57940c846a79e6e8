import { BadRequest, TooLarge } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { stepBytes, type Piece, type Step } from './steps.ts'
import { Growth } from './limits.ts'

/** Undecoded part of a request: a log with the data that it shares with others, or an invalid part and the reason. */
export type RequestPart<Shared> = { raw: Buffer, shared: Shared } | { raw: Buffer, reason: string }

export type Walk<Shared> = Generator<RequestPart<Shared> | undefined, void, void>

/** Encoding of requests in which many logs share their origin: a resource, a scope, the labels of a stream. */
export interface GroupedFormat<Shared extends { bytes: number }> {
  /** Source of its dead letters. */
  source: string
  /**
   * Yields the parts of a request, each a slice of its bytes; undefined for a step. Throws BadRequest if it breaks off.
   */
  walk (body: Buffer): Walk<Shared>
  /** Decodes one log. Throws BadRequest. */
  read (raw: Buffer, shared: Shared, arrival: UtcTime): Generator<undefined, LogRecord, void>
  /** Makes a request of one log. */
  wrap (shared: Shared, raw: Buffer): Buffer
  /** Text in which dead letters keep the bytes of a request. */
  textOf (bytes: Buffer): string
}

/**
 * Decodes a request. An invalid log is rejected as a request of its own, with the data that it shares. If the request
 * itself breaks off, the rest of it is rejected as one piece. Throws TooLarge if the logs would need too much memory.
 */
export function * decodeGroupedLogs<Shared extends { bytes: number }> (
  { source, walk, read, wrap, textOf }: GroupedFormat<Shared>, body: Buffer, arrival: UtcTime
): Generator<Step, void, void> {
  const growth = new Growth()
  let index = 0
  for (const part of walkToBreak(walk, body)) {
    if (part === undefined) {
      growth.addStep()
      if (body.length > stepBytes) yield
      continue
    }
    growth.addLog('reason' in part ? 0 : part.shared.bytes)
    let piece: Piece
    if ('reason' in part) {
      piece = { source, index, reason: part.reason, raw: textOf(part.raw) }
    } else {
      try {
        piece = yield * read(part.raw, part.shared, arrival)
      } catch (error) {
        if (!(error instanceof BadRequest || error instanceof TooLarge)) throw error
        piece = { source, index, reason: error.message, raw: textOf(wrap(part.shared, part.raw)) }
      }
    }
    yield piece
    index++
  }
}

/** Yields the parts of a message; if it breaks off, the rest of it is one more, invalid part. */
export function * walkToBreak<Shared> (walk: (message: Buffer) => Walk<Shared>, message: Buffer): Walk<Shared> {
  let end = message.byteOffset
  try {
    for (const part of walk(message)) {
      yield part
      if (part) end = part.raw.byteOffset + part.raw.length
    }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    yield { reason: error.message, raw: message.subarray(end - message.byteOffset) }
  }
}
