// Where strings of JSON end. JsonCutter follows strings by itself: they may go on in its next chunk, and there a line
// break ends a broken one.
import { runAtOnce, stepBytes } from '../steps.ts'

const [quote, backslash] = [0x22, 0x5c] as const

/** Index after the closing quote of the string that begins at `start`; past the end of the text for one without. */
export function endOfTextString (text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes++
    if (backslashes % 2 === 0) return end + 1
  }
  return text.length + 1
}

/** As `endOfTextString`, for bytes. */
export function endOfString (bytes: Buffer, start: number): number {
  return endOfShortString(bytes, start) ?? runAtOnce(endOfLongString(bytes, start))
}

/**
 * Bytes of a string that are compared one by one: a native search of a longer one takes as long as hundreds of them.
 */
const maxShortBytes = 1000

/** End of a string that is short, as most are; undefined for a longer one. */
export function endOfShortString (bytes: Buffer, start: number): number | undefined {
  const near = Math.min(bytes.length, start + maxShortBytes)
  for (let at = start + 1; at < near; at++) {
    const byte = bytes[at]
    if (byte === backslash) at++
    else if (byte === quote) return at + 1
  }
  return undefined
}

/**
 * End of a long string: a native search up to the first escape, then byte by byte, as calls for many escapes are
 * slower.
 */
export function * endOfLongString (bytes: Buffer, start: number): Generator<undefined, number, void> {
  for (let at = start + 1, end = -1; ;) {
    if (end < at) end = bytes.indexOf(quote, at)
    if (end === -1) return bytes.length + 1
    const escape = bytes.subarray(at, end).indexOf(backslash)
    if (escape === -1) return end + 1
    at += escape
    const pause = Math.min(bytes.length, at + stepBytes)
    for (; at < pause; at++) {
      const byte = bytes[at]
      if (byte === backslash) at++
      else if (byte === quote) return at + 1
    }
    yield
  }
}
