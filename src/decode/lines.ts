import { isUtf8 } from 'node:buffer'
import { stepBytes } from './steps.ts'

const newline = 10
const space = 32

/** The lines of a text that are not blank, with undefined for the steps on the way. What is not UTF-8 is read as Latin-1, which loses nothing. */
export function * linesOf (body: Buffer): Generator<string | undefined, void, void> {
  let at = 0
  while (true) {
    // Millions of blank lines must not take a turn of seconds.
    let first = at
    for (; first < body.length && body[first]! <= space; first++) if ((first - at) % stepBytes === stepBytes - 1) yield
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
