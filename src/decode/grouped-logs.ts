import { BadRequest, TooLarge } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { stepBytes, type Piece, type Step } from './steps.ts'
import { Growth } from './limits.ts'

/** A part of a request, not looked at yet: a log with what it shares with others, or what can't hold one, and why. */
export type Part<Shared> = { raw: Buffer, shared: Shared } | { raw: Buffer, reason: string }

export type Walk<Shared> = Generator<Part<Shared> | undefined, void, void>

/** How requests are encoded in which many logs share what they come from. */
export interface GroupedFormat<Shared extends { bytes: number }> {
  /** What names it in dead letters. */
  source: string
  /** The parts of a request, each a part of its bytes, and undefined for each step between them. Throws BadRequest where it breaks off. */
  walk (body: Buffer): Walk<Shared>
  /** Throws BadRequest. */
  read (raw: Buffer, shared: Shared, arrival: UtcTime): Generator<undefined, LogRecord, void>
  /** A request with one log. */
  wrap (shared: Shared, raw: Buffer): Buffer
  /** Bytes of a request, as dead letters keep them. */
  textOf (bytes: Buffer): string
}

/**
 * The logs of a request. A log that is none is rejected as a request that holds it alone, with what
 * it shares; where the request itself breaks off, what is left of it is one piece, and rejected too.
 * Throws TooLarge where the logs would take too much memory.
 */
export function * decodeGroupedLogs<Shared extends { bytes: number }> ({ source, walk, read, wrap, textOf }: GroupedFormat<Shared>, body: Buffer, arrival: UtcTime): Generator<Step, void, void> {
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

/** The parts of a message; where it breaks off, what comes after the last of them is one more, which can't hold a log. */
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
