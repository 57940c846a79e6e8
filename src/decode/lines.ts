import { isUtf8 } from 'node:buffer'
import { stepBytes } from './steps.ts'

const newline = 10
const space = 32

/**
 * Yields the lines of a text that are not blank; undefined for a step. Bytes that are not UTF-8 are read as Latin-1.
 */
export function * linesOf (body: Buffer): Generator<string | undefined, void, void> {
  let at = 0
  for (;;) {
    // Millions of blank lines must not block the process for seconds.
    let first = at
    for (; first < body.length && (body[first] ?? 0) <= space; first++) {
      if ((first - at) % stepBytes === stepBytes - 1) yield
    }
    if (first === body.length) return

    const start = Math.max(at, body.lastIndexOf(newline, first) + 1)
    const found = body.indexOf(newline, first)
    const end = found === -1 ? body.length : found
    const bytes = body.subarray(start, end)
    const line = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
    yield line.endsWith('\r') ? line.slice(0, -1) : line
    at = end
  }
}
