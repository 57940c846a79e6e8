// Cuts bytes that hold many JSON values into the values, without looking at more than their outline:
//
//   {…}{…}        one after the other, on lines of their own or not, with or without commas
//   [{…},{…}]     the elements of a list, of which there may be several, too
//   {"logs":[…]}  the same, where the format has a name for it; what else the outer object holds is a
//                 piece of its own
//
// A piece that is no JSON ends where a new one surely begins: at a line break within a string, or
// before a `{` or `[` that no value can hold at that place. So a line that was cut short costs only itself.
// What stands between values and is none itself is a piece up to the end of its line. A byte order
// mark may stand before any value.
import { TooLarge } from '../../errors.ts'

const [quote, backslash, comma, colon, newline, openBracket, closeBracket, openBrace, closeBrace] = Buffer.from('"\\,:\n[]{}')
const mark = Buffer.from('\ufeff')
const nothing = Buffer.alloc(0)
/** By byte, whether it is 1 that within a string it neither ends anything nor escapes what follows. */
const isPlain = new Uint8Array(256).fill(1)
for (const byte of [quote, backslash, newline]) isPlain[byte!] = 0
/** What stands before the list of logs within an object is looked for in so many bytes. */
const longestWrapping = 100

export class JsonCutter {
  readonly #longest: number
  readonly #wrapping: RegExp | undefined
  /** Of the present piece what came in earlier chunks: so many of these bytes. */
  #kept: Buffer = nothing
  #keptLength = 0
  #chunk: Buffer = nothing
  /** Where in the chunk the present piece begins, or goes on; undefined between pieces. */
  #start: number | undefined
  #depth = 0
  #inList = false
  /** Whether the list stands within an object. */
  #isWrapped = false
  #inString = false
  #isEscaped = false
  /** Whether the present piece begins as no object or list does. */
  #isBare = false
  /** The last byte of the present piece that is no white space, outside of strings; the first one of a bare piece. */
  #last = 0

  /** A piece may have so many bytes. `list` is the name of a list of logs that an object may be. Default: none is. */
  constructor (longest: number, list?: string) {
    this.#longest = longest
    if (list !== undefined) this.#wrapping = new RegExp(`^\\{\\s*"${list}"\\s*:\\s*$`)
  }

  /** The pieces that end in these bytes. Throws TooLarge. */
  * push (chunk: Buffer): Generator<Buffer, void, void> {
    this.#chunk = chunk
    if (this.#start !== undefined) this.#start = 0
    for (let at = 0; at < chunk.length; at++) {
      if (this.#start !== undefined && !this.#isBare) {
        at = this.#follow(at)
        if (at === chunk.length) break
      }
      const byte = chunk[at]!
      if (this.#start === undefined) {
        // Blanks cost a sender nothing: packed, a few bytes are megabytes of them.
        if (byte > 0x20) this.#begin(byte, at)
      } else if (this.#isBare) {
        if (this.#last === mark[0] && this.#lengthAt(at) === mark.length && this.#piece(at).equals(mark)) {
          this.#forget()
          this.#begin(byte, at)
        } else if (byte === newline || (this.#inList && (byte === comma || byte === closeBracket))) {
          yield this.#take(at)
          this.#begin(byte, at)
        }
      } else if (this.#inString) {
        yield this.#take(at)
      } else if (this.#depth === 0) {
        yield this.#take(at + 1)
      } else if (!awaitsValue(this.#last)) {
        yield this.#take(at)
        this.#begin(byte, at)
      } else if (this.#wraps(at)) {
        this.#forget()
        this.#inList = true
        this.#isWrapped = true
      } else {
        this.#depth++
        this.#last = byte
      }
    }
    if (this.#start !== undefined) this.#keep()
  }

  /** The last piece, where one was begun. */
  * end (): Generator<Buffer, void, void> {
    const last = this.#kept.subarray(0, this.#keptLength)
    if (last.length > 0 && !last.equals(mark)) yield last
  }

  /**
   * Goes on within an object or a list, to where it ends or turns out to be broken: at a line break within a string, or
   * at a bracket, by which the depth becomes 0 or which can't stand there; also to a list that may be one of logs. Most
   * bytes are looked at here, so all that it needs is at hand.
   */
  #follow (from: number): number {
    const chunk = this.#chunk
    const isListAwaited = this.#wrapping !== undefined && !this.#inList
    let inString = this.#inString
    let isEscaped = this.#isEscaped
    let depth = this.#depth
    let last = this.#last
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (inString) {
        if (byte === newline) break
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) inString = false
        else while (at + 1 < chunk.length && isPlain[chunk[at + 1]!] === 1) at++
      } else if (byte === quote) {
        inString = true
        last = byte
      } else if (byte === closeBrace || byte === closeBracket) {
        last = byte
        if (--depth === 0) break
      } else if (byte === openBrace || byte === openBracket) {
        if (!awaitsValue(last) || (isListAwaited && byte === openBracket && depth === 1 && last === colon)) break
        last = byte
        depth++
      } else if (byte > 0x20) {
        last = byte
      }
    }
    this.#inString = inString
    this.#isEscaped = isEscaped
    this.#depth = depth
    this.#last = last
    return at
  }

  #begin (byte: number, at: number): void {
    if (byte <= 0x20 || byte === comma) return
    if (byte === openBracket && !this.#inList) {
      this.#inList = true
    } else if (byte === closeBracket && this.#inList) {
      this.#inList = false
    } else if (byte === closeBrace && this.#isWrapped && !this.#inList) {
      this.#isWrapped = false
    } else {
      this.#start = at
      this.#depth = 1
      this.#last = byte
      this.#isBare = byte !== openBrace && byte !== openBracket
    }
  }

  /** Whether a list that begins here, at the value of an object's field, is one of logs. */
  #wraps (at: number): boolean {
    return this.#lengthAt(at) <= longestWrapping && this.#wrapping!.test(this.#piece(at).toString('latin1'))
  }

  #lengthAt (end: number): number {
    return this.#keptLength + end - this.#start!
  }

  #piece (end: number): Buffer {
    const part = this.#chunk.subarray(this.#start, end)
    return this.#keptLength === 0 ? part : Buffer.concat([this.#kept.subarray(0, this.#keptLength), part])
  }

  #take (end: number): Buffer {
    this.#checkLength(this.#lengthAt(end))
    const piece = this.#piece(end)
    this.#forget()
    return piece
  }

  #forget (): void {
    this.#start = undefined
    this.#inString = false
    this.#isEscaped = false
    this.#kept = nothing
    this.#keptLength = 0
  }

  /** Adds what the chunk has of the present piece: in room that doubles, as chunks may be of a byte each. */
  #keep (): void {
    const length = this.#lengthAt(this.#chunk.length)
    this.#checkLength(length)
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafe(2 * length)
      this.#kept.copy(larger, 0, 0, this.#keptLength)
      this.#kept = larger
    }
    this.#chunk.copy(this.#kept, this.#keptLength, this.#start)
    this.#keptLength = length
  }

  #checkLength (length: number): void {
    if (length > this.#longest) throw new TooLarge(`one log must have ${this.#longest} bytes at most`)
  }
}

/** Whether an object or a list may stand behind this byte. */
function awaitsValue (last: number): boolean {
  return last === comma || last === colon || last === openBracket
}
