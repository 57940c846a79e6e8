// Cuts bytes that hold many JSON values into the values, without looking at more than their outline:
//
//   {…}{…}        one after the other, on lines of their own or not, with or without commas
//   [{…},{…}]     the elements of a list, of which there may be several, too
//
// A piece that is no JSON ends where a new one surely begins: at a line break within a string, or
// before a `{` that no value can hold at that place. So a line that was cut short costs only itself.
// What stands between values and is none itself is a piece up to the end of its line.
import { TooLarge } from '../errors.ts'

const [quote, backslash, comma, colon, newline, openBracket, closeBracket, openBrace, closeBrace] = Buffer.from('"\\,:\n[]{}')

export class JsonCutter {
  readonly #longest: number
  /** What is not cut yet; before `#at` it was looked at. */
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  /** Where the present piece begins; undefined between pieces. */
  #start: number | undefined
  #depth = 0
  #inList = false
  #inString = false
  /** Whether the present piece begins as no object or list does. */
  #isBare = false
  /** The last byte of the present piece that is no white space, outside of strings. */
  #last = 0

  /** A piece may have so many bytes. */
  constructor (longest: number) {
    this.#longest = longest
  }

  /** The pieces that end in these bytes, or in those before them. Throws TooLarge. */
  * push (chunk: Buffer): Generator<Buffer, void, void> {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    yield * this.#cut()
    const kept = this.#start ?? this.#at
    this.#bytes = this.#bytes.subarray(kept)
    this.#at -= kept
    if (this.#start !== undefined) this.#start = 0
    if (this.#bytes.length > this.#longest) throw new TooLarge(`one log must have ${this.#longest} bytes at most`)
  }

  /** The last piece, where one was begun. */
  * end (): Generator<Buffer, void, void> {
    if (this.#start !== undefined) yield this.#bytes.subarray(this.#start)
  }

  * #cut (): Generator<Buffer, void, void> {
    const bytes = this.#bytes
    let at = this.#at
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (this.#start === undefined) {
        this.#begin(byte, at)
      } else if (this.#inString) {
        if (byte === backslash) at++
        else if (byte === quote) this.#inString = false
        else if (byte === newline) yield this.#take(at)
      } else if (this.#isBare) {
        if (byte === newline || (this.#inList && (byte === comma || byte === closeBracket))) {
          yield this.#take(at)
          this.#begin(byte, at)
        }
      } else if (byte === quote) {
        this.#inString = true
        this.#last = byte
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#last = byte
        if (--this.#depth === 0) yield this.#take(at + 1)
      } else if (byte === openBrace || byte === openBracket) {
        if (byte === openBrace && this.#last !== comma && this.#last !== colon && this.#last !== openBracket) {
          yield this.#take(at)
          this.#begin(byte, at)
        } else {
          this.#depth++
          this.#last = byte
        }
      } else if (byte > 0x20) {
        this.#last = byte
      }
    }
    // A backslash may be the last byte there is so far.
    this.#at = at
  }

  #begin (byte: number, at: number): void {
    if (byte <= 0x20 || byte === comma) return
    if (byte === openBracket && !this.#inList) {
      this.#inList = true
    } else if (byte === closeBracket && this.#inList) {
      this.#inList = false
    } else {
      this.#start = at
      this.#depth = 1
      this.#last = byte
      this.#isBare = byte !== openBrace && byte !== openBracket
    }
  }

  #take (end: number): Buffer {
    const piece = this.#bytes.subarray(this.#start, end)
    this.#start = undefined
    this.#inString = false
    return piece
  }
}
