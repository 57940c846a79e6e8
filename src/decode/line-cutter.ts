// Cuts bytes that hold JSON and lines of text. A line outside of JSON is text, and a piece as it stands, unless it
// begins as JSON does:
//
//   {"msg":…    [{"msg":…    [    {    ,{"msg":…    the JSON is cut by json/cutter.ts, over any number of lines
//   [2026-11-20 09:15:00] …    {not JSON} …         text
//
// A byte order mark may precede JSON.
import { JsonCutter } from './json/cutter.ts'

const [newline, openBrace, quote] = [0x0a, 0x7b, 0x22] as const
const nothing = Buffer.alloc(0)
/** Bytes of a line that are read to tell JSON from text; a longer line of blanks is left to the cutter of JSON. */
const maxStartBytes = 1024

/** Cuts a body, chunk by chunk. */
export class LineCutter {
  readonly #json: JsonCutter
  readonly #lines = new WeakSet<Buffer>()
  /** Start of a line of which it is not yet known whether it is JSON. */
  #start: Buffer = nothing
  #state: 'start' | 'line' | 'json' = 'start'

  /** `maxBytes` is the limit of a piece; `list` the name of a list of logs that an object may have. */
  constructor (maxBytes: number, list: string) {
    this.#json = new JsonCutter(maxBytes, list)
  }

  /** Whether a piece is a line of text. */
  isLine (piece: Buffer): boolean {
    return this.#lines.has(piece)
  }

  /** Yields the pieces that end in these bytes. Throws TooLarge. */
  * push (chunk: Buffer): Generator<Buffer, void, void> {
    for (let at = 0; at < chunk.length;) {
      let end = endOfLine(chunk, at)
      // Lines of objects are handed over together: one by one takes several times as long.
      if (this.#state === 'start' && this.#start.length === 0 && beginsObject(chunk, at)) {
        while (beginsObject(chunk, end)) end = endOfLine(chunk, end)
      }
      yield * this.#add(chunk.subarray(at, end), chunk[end - 1] === newline)
      at = end
    }
  }

  /** Yields the last piece, if one has begun. */
  * end (): Generator<Buffer, void, void> {
    yield * this.#add(nothing, true)
    for (const piece of this.#json.end()) yield this.#state === 'line' ? this.#line(piece) : piece
  }

  /** Adds bytes of one line, or of several of objects; `isEnd`: they end with a line break, or the body. */
  * #add (bytes: Buffer, isEnd: boolean): Generator<Buffer, void, void> {
    let part = bytes
    if (this.#state === 'start') {
      part = this.#start.length === 0 ? bytes : Buffer.concat([this.#start, bytes])
      const kind = kindOf(part.toString('latin1', 0, maxStartBytes), isEnd || part.length >= maxStartBytes)
      this.#start = kind === undefined ? part : nothing
      if (kind === undefined) return
      if (kind === 'line') this.#json.beginLine()
      this.#state = kind
    }
    const isLine = this.#state === 'line'
    for (const piece of this.#json.push(part)) yield isLine ? this.#line(piece) : piece
    if (isEnd && this.#json.isBetween) this.#state = 'start'
  }

  #line (piece: Buffer): Buffer {
    this.#lines.add(piece)
    return piece
  }
}

/** Index after the line break, or the end of the chunk. */
function endOfLine (chunk: Buffer, from: number): number {
  const found = chunk.indexOf(newline, from)
  return found === -1 ? chunk.length : found + 1
}

/** Whether a line begins as most objects do: `{"`. */
function beginsObject (chunk: Buffer, at: number): boolean {
  return chunk[at] === openBrace && chunk[at + 1] === quote
}

/** Blanks and commas, with a byte order mark, before JSON. */
const beforeJson = /^[\0-\x20,]*(?:\xef\xbb\xbf[\0-\x20,]*)?/
/** An object, or a list of objects, that may go on in the next line. */
const jsonStart = /^(?:\{\s*(?:["}]|$)|\[\s*(?:[{\]]|$))/
/** The end of a list or an object that began in a line before. */
const brackets = /^[\]}][\]},\s]*$/
/** A part of a byte order mark. */
const partOfMark = /^\xef\xbb?$/

/** Tells JSON from text by the start of a line, in Latin-1; undefined if more of the line is needed. */
function kindOf (start: string, isEnough: boolean): 'json' | 'line' | undefined {
  const rest = start.replace(beforeJson, '')
  if (!isEnough && (/^[[{]?\s*$/.test(rest) || brackets.test(rest) || partOfMark.test(rest))) return undefined
  return rest === '' || jsonStart.test(rest) || brackets.test(rest) ? 'json' : 'line'
}
