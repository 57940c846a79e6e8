// Where messages of syslog end in a stream of bytes (RFC 6587), told anew for each:
//
//   17 <13>1 - - - - - -     octet counting: the message's length, a space, the message
//   <13>hello\n              everything else ends with a line feed (a CR before it goes too), or with a NUL
//
// A line that begins with a number is taken for a count only where a space and `<` follow.

const countedStart = /^([1-9]\d{0,7}) </
/** What may become one, once there is more of it. */
const countedPrefix = /^[1-9]\d{0,7} ?$/
/** The longest beginning that has to be seen. */
const startLength = 10

/** Cuts a stream into messages, of which it keeps one unfinished at most. */
export class Frames {
  readonly #limit: number
  #held: Buffer = Buffer.alloc(0)
  /** How much of that is filled, and how much of it holds no end. */
  #length = 0
  #searched = 0
  #tooLong = false

  /** A message may have so many bytes. */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** Bytes of memory that the unfinished message takes. */
  get bytes (): number {
    return this.#held.length
  }

  /** Whether a message was longer than it may be: where it ends is not looked for, and nothing comes after it. */
  get tooLong (): boolean {
    return this.#tooLong
  }

  /** The messages that end in this piece of the stream. Those without content are none. */
  push (piece: Buffer): Buffer[] {
    if (this.#tooLong) return []
    this.#append(piece)
    const bytes = this.#held.subarray(0, this.#length)
    const messages: Buffer[] = []
    let start = 0
    for (let frame; (frame = this.#next(bytes, start)); start = frame.next) {
      if (frame.end > frame.start) messages.push(bytes.subarray(frame.start, frame.end))
      this.#searched = frame.next
    }
    if (this.#tooLong) this.#hold(Buffer.alloc(0), 0)
    else if (start > 0) this.#hold(Buffer.from(bytes.subarray(start)), this.#searched - start)
    return messages
  }

  /** What is left when the stream ends: a line needs no end then. `cut` tells that it ended within a counted message. */
  end (): { message?: Buffer, cut: boolean } {
    const rest = this.#held.subarray(0, this.#length)
    this.#hold(Buffer.alloc(0), 0)
    if (rest.length === 0) return { cut: false }
    const cut = countedStart.test(beginning(rest, 0))
    return cut ? { cut } : { message: rest, cut }
  }

  #next (bytes: Buffer, start: number): { start: number, end: number, next: number } | undefined {
    const text = beginning(bytes, start)
    const count = countedStart.exec(text)?.[1]
    if (count !== undefined) {
      const first = start + count.length + 1
      const end = first + Number(count)
      this.#tooLong = end - first > this.#limit
      return !this.#tooLong && end <= bytes.length ? { start: first, end, next: end } : undefined
    }
    if (countedPrefix.test(text)) return undefined

    let end = Math.max(start, this.#searched)
    while (end < bytes.length && bytes[end] !== 0x0a && bytes[end] !== 0x00) end++
    this.#searched = end
    this.#tooLong = end - start > this.#limit
    if (this.#tooLong || end === bytes.length) return undefined
    return { start, end: end > start && bytes[end - 1] === 0x0d ? end - 1 : end, next: end + 1 }
  }

  /** Doubles its memory as it grows, so that many small pieces cost no more than a large one. */
  #append (piece: Buffer): void {
    const length = this.#length + piece.length
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(this.#length === 0 ? length : Math.max(length, 2 * this.#length))
      this.#held.copy(larger, 0, 0, this.#length)
      this.#held = larger
    }
    piece.copy(this.#held, this.#length)
    this.#length = length
  }

  /** Memory of its own: that of the messages handed out is never written to again. */
  #hold (bytes: Buffer, searched: number): void {
    this.#held = bytes
    this.#length = bytes.length
    this.#searched = searched
  }
}

function beginning (bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, start + startLength)
}
