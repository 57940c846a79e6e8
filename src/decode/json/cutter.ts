// Cuts bytes that hold many JSON values into the values, by their outline alone:
//
//   {…}{…}        one after the other, on lines of their own or not, with or without commas
//   [{…},{…}]     the elements of a list, or of several lists
//   {"logs":[…]}  the same, if the format has a name for the list; other members of the outer object are a
//                 piece of their own
//
// A piece that is not JSON ends where a new one begins for certain: at a line break within a string, or before a `{` or
// `[` at which JSON allows no value. So a line that was cut short costs only itself. Any other text between values is a
// piece up to the end of its line. A byte order mark may precede any value.
import { TooLarge } from '../../errors.ts'

const [quote, backslash, newline, comma, colon] = [0x22, 0x5c, 0x0a, 0x2c, 0x3a] as const
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d] as const
const mark = Buffer.from('\ufeff')
const nothing = Buffer.alloc(0)
/** 1 for each byte that, within a string, is neither a quote, nor a backslash, nor a line break. */
const isPlain = new Uint8Array(256).fill(1)
for (const byte of [quote, backslash, newline]) isPlain[byte] = 0
/** Bytes before the list of logs within an object. */
const maxWrappingBytes = 100

/** Cuts a body, chunk by chunk. */
export class JsonCutter {
  readonly #maxBytes: number
  readonly #wrapping: RegExp | undefined
  /** The first `#keptLength` of these bytes are the present piece's from earlier chunks. */
  #kept: Buffer = nothing
  #keptLength = 0
  #chunk: Buffer = nothing
  /** Index in the chunk at which the present piece begins or goes on; undefined between pieces. */
  #start: number | undefined
  #depth = 0
  #inList = false
  /** Whether the list is within an object. */
  #isWrapped = false
  #inString = false
  #isEscaped = false
  /** Whether the present piece is neither an object nor a list. */
  #isBare = false
  /** Last byte of the present piece that is not white space, outside of strings; the first byte of a bare piece. */
  #last = 0

  /** `maxBytes` is the limit of a piece; `list` the name of a list of logs that an object may have. */
  constructor (maxBytes: number, list?: string) {
    this.#maxBytes = maxBytes
    if (list !== undefined) this.#wrapping = new RegExp(`^\\{\\s*"${list}"\\s*:\\s*$`)
  }

  /** Whether no piece and no list has begun. */
  get isBetween (): boolean {
    return this.#start === undefined && !this.#inList && !this.#isWrapped
  }

  /** Makes all bytes up to the next line break one piece, also the blanks before it. */
  beginLine (): void {
    this.#start = 0
    this.#last = 0
    this.#isBare = true
  }

  /** Yields the pieces that end in these bytes. Throws TooLarge. */
  * push (chunk: Buffer): Generator<Buffer, void, void> {
    this.#chunk = chunk
    if (this.#start !== undefined) this.#start = 0
    for (let at = 0; at < chunk.length; at++) {
      if (this.#start !== undefined && !this.#isBare) {
        at = this.#follow(at)
        if (at === chunk.length) break
      }
      const byte = chunk[at] ?? 0
      if (this.#start === undefined) {
        // Skipped without a call: a sender can pack megabytes of blanks into a few bytes.
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

  /** Yields the last piece, if one has begun. */
  * end (): Generator<Buffer, void, void> {
    const last = this.#kept.subarray(0, this.#keptLength)
    if (last.length > 0 && !last.equals(mark)) yield last
  }

  /**
   * Index at which the present object or list ends, is broken (a line break within a string, a bracket where none is
   * allowed), or has a list that may be one of logs. Most bytes are read in this loop, so its state is in variables.
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
      // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- within bounds, in the hottest loop
      const byte = chunk[at]!
      if (inString) {
        if (byte === newline) break
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) inString = false
        // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- within bounds, in the hottest loop
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

  /** Whether the list that begins here, as the value of an object's field, is one of logs. */
  #wraps (at: number): boolean {
    if (!this.#wrapping || this.#lengthAt(at) > maxWrappingBytes) return false
    return this.#wrapping.test(this.#piece(at).toString('latin1'))
  }

  #lengthAt (end: number): number {
    return this.#keptLength + end - (this.#start ?? 0)
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

  /** Keeps the chunk's bytes of the present piece, in a buffer that doubles: chunks may have one byte each. */
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
    if (length > this.#maxBytes) throw new TooLarge(`one log must have ${this.#maxBytes} bytes at most`)
  }
}

/** Whether an object or a list may follow this byte. */
function awaitsValue (last: number): boolean {
  return last === comma || last === colon || last === openBracket
}
