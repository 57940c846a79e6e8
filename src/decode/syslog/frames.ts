// Finds the end of each message of syslog in a stream of bytes (RFC 6587):
//
//   17 <13>1 - - - - - -     octet counting: the message's length, a space, the message
//   <13>hello\n              any other ends with a line feed (and a CR before it), or with a NUL
//
// A number at the start of a line is a count only if a space and `<` follow.
//
// A count is wrong where no message begins behind it. Then the message ends where the next one begins within it, else
// with its line, or before the next count. A count beyond the limit costs what follows up to the next message.

const countedStart = /^([1-9]\d{0,7}) </
/** Start of a text that may become a count when more bytes arrive. */
const countedPrefix = /^[1-9]\d{0,7} ?$/
/** Bytes that show whether a message begins, and those with the bytes before it. */
const startLength = 10
const maxStartLength = 2 * startLength
/** Bytes that may follow a message, or the first of them. */
const startOfNext = /^(?:$|[\r\n\0<]|[1-9]\d{0,7}(?:$| $| <))/
/** Bytes before a priority at which a message begins: a count, or the end of a line. */
const messageStart = /(?:(?<!\d)([1-9]\d{0,7}) |[\n\0])$/
const priority = /^<\d{1,3}>/
const [lineFeed, angle] = [0x0a, 0x3c] as const

interface Frame {
  start: number
  end: number
  next: number
}

/** Cuts a stream into messages; keeps at most one unfinished message. */
export class Frames {
  readonly #limit: number
  #held: Buffer = Buffer.alloc(0)
  /** The bytes from `#start` to `#length` are not returned yet; up to `#searched` they have no end of a message. */
  #start = 0
  #length = 0
  #searched = 0
  /** Start of the first message, within an unfinished one, after which all counts fit. */
  #fitting: number | undefined
  #tooLong = false
  /** Whether any message had a count: then a line ends before the next count, too. */
  #hasCounts = false
  /** Bytes up to the announced end of the message that is skipped. */
  #toSkip = 0
  #skipped = 0

  /** `limit` is the maximum of bytes of a message. */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** Bytes of memory that the unfinished message takes. */
  get bytes (): number {
    return this.#held.length
  }

  /** Whether a message exceeded the limit; then the rest of the stream is ignored. */
  get tooLong (): boolean {
    return this.#tooLong
  }

  /** Messages that were skipped because their count was beyond the limit. */
  get skipped (): number {
    return this.#skipped
  }

  /** Messages that end in this piece of the stream, without empty ones. */
  push (piece: Buffer): Buffer[] {
    if (this.#tooLong) return []
    this.#append(piece)
    return this.#cut(false)
  }

  /**
   * What is left when the stream ends: a line needs no end then. `cut` tells that it ended within a counted message.
   */
  end (): { messages: Buffer[], cut: boolean } {
    if (this.#tooLong) return { messages: [], cut: false }
    const messages = this.#cut(true)
    const rest = this.#held.subarray(this.#start, this.#length)
    this.#hold(Buffer.alloc(0), 0)
    if (rest.length === 0 || this.#toSkip > 0) return { messages, cut: false }
    const cut = countedStart.test(beginning(rest, 0))
    return { messages: cut ? messages : [...messages, rest], cut }
  }

  #cut (isEnd: boolean): Buffer[] {
    const bytes = this.#held.subarray(this.#start, this.#length)
    const messages: Buffer[] = []
    let start = 0
    for (let frame; (frame = this.#next(bytes, start, isEnd)); start = frame.next) {
      if (frame.end > frame.start) messages.push(bytes.subarray(frame.start, frame.end))
      this.#searched = frame.next
      this.#fitting = undefined
    }
    if (this.#tooLong) this.#hold(Buffer.alloc(0), 0)
    else if (start > 0) this.#keep(bytes, start)
    return messages
  }

  #next (bytes: Buffer, start: number, isEnd: boolean): Frame | undefined {
    if (this.#toSkip > 0) return this.#skip(bytes, start)
    const text = beginning(bytes, start)
    const count = countedStart.exec(text)?.[1]
    if (count !== undefined) return this.#nextCounted(bytes, start + count.length + 1, Number(count), isEnd)
    if (countedPrefix.test(text)) return undefined
    if (this.#hasCounts) return this.#nextRest(bytes, start)

    let end = Math.max(start, this.#searched)
    while (end < bytes.length && bytes[end] !== lineFeed && bytes[end] !== 0x00) end++
    this.#searched = end
    this.#tooLong = end - start > this.#limit
    if (this.#tooLong || end === bytes.length) return undefined
    return { start, end: end > start && bytes[end - 1] === 0x0d ? end - 1 : end, next: end + 1 }
  }

  #nextCounted (bytes: Buffer, start: number, count: number, isEnd: boolean): Frame | undefined {
    const end = start + count
    if (count > this.#limit) {
      this.#toSkip = count - 1
      this.#skipped++
      return { start, end: start, next: start + 1 }
    }
    if (end > bytes.length) {
      const next = this.#findNext(bytes, start + 1, isEnd)
      return next === undefined ? undefined : { start, end: withoutEnd(bytes, start, next), next }
    }
    if (startOfNext.test(beginning(bytes, end))) {
      this.#hasCounts = true
      return { start, end, next: end }
    }

    const isSearched = this.#searched > end
    const next = (isSearched ? undefined : findStart(bytes, start + 1, end + startLength)) ??
      findEnd(bytes, Math.max(end, this.#searched)) ??
      (isEnd ? bytes.length : undefined)
    if (next !== undefined) return { start, end: withoutEnd(bytes, start, next), next }
    this.#searched = Math.max(end + 1, bytes.length - maxStartLength)
    return bytes.length - start > this.#limit ? { start, end, next: end } : undefined
  }

  /**
   * A line among messages with counts, or what is left of one whose count was too small, which showed only when it was
   * handed out.
   */
  #nextRest (bytes: Buffer, start: number): Frame | undefined {
    const next = findEnd(bytes, Math.max(start, this.#searched))
    if (next !== undefined && next - start <= this.#limit + 1) {
      return { start, end: withoutEnd(bytes, start, next), next }
    }
    this.#searched = Math.max(start, bytes.length - maxStartLength)
    this.#tooLong = bytes.length - start > this.#limit
    return undefined
  }

  /**
   * Where the next message begins within one that has not ended. Its count is wrong if the stream ends, or if messages
   * with counts that fit stand within it up to the last byte that came: what is quoted in a message hardly ends there.
   */
  #findNext (bytes: Buffer, from: number, isEnd: boolean): number | undefined {
    if (isEnd) return findStart(bytes, from, bytes.length)
    let at = Math.max(from, this.#searched)
    for (;;) {
      this.#fitting ??= findStart(bytes, at, bytes.length)
      if (this.#fitting === undefined) {
        this.#searched = Math.max(from, bytes.length - maxStartLength)
        return undefined
      }
      at = Math.max(at, this.#fitting)
      const count = countedStart.exec(beginning(bytes, at))?.[1]
      const end = count === undefined ? at : at + count.length + 1 + Number(count)
      if (end > bytes.length || countedPrefix.test(beginning(bytes, at))) {
        this.#searched = at
        return undefined
      }
      at = count === undefined ? at + 1 : endOfBlank(bytes, end)
      if (count === undefined) this.#fitting = undefined
      else if (at === bytes.length) return this.#fitting
    }
  }

  /**
   * Nothing up to the next message, which begins where it should, or earlier; what may be the beginning of one is kept.
   */
  #skip (bytes: Buffer, start: number): Frame | undefined {
    const end = start + this.#toSkip
    let next = findStart(bytes, start, Math.min(end, bytes.length))
    if (next === undefined && end < bytes.length) {
      if (startOfNext.test(beginning(bytes, end))) next = end
      else this.#toSkip = Infinity
    }
    if (next !== undefined) {
      this.#toSkip = 0
      return { start, end: start, next }
    }
    const kept = Math.max(start, bytes.length - maxStartLength)
    this.#toSkip -= kept - start
    return kept === start ? undefined : { start, end: start, next: kept }
  }

  /** Doubles its memory as it grows, so that many small pieces cost no more than a large one. */
  #append (piece: Buffer): void {
    if (this.#length + piece.length > this.#held.length) {
      const kept = this.#length - this.#start
      const larger = Buffer.allocUnsafe(kept === 0 ? piece.length : Math.max(kept + piece.length, 2 * kept))
      this.#held.copy(larger, 0, this.#start, this.#length)
      this.#held = larger
      this.#start = 0
      this.#length = kept
    }
    piece.copy(this.#held, this.#length)
    this.#length += piece.length
  }

  /**
   * Keeps what begins at `start`. It is moved only where it is the smaller part, so that many small messages before a
   * large one cost no more.
   */
  #keep (bytes: Buffer, start: number): void {
    const searched = this.#searched - start
    if (this.#fitting !== undefined) this.#fitting -= start
    if (2 * (bytes.length - start) <= this.#held.length) return this.#hold(Buffer.from(bytes.subarray(start)), searched)
    this.#start += start
    this.#searched = searched
  }

  /** Keeps bytes in memory of their own: that of returned messages is never written to again. */
  #hold (bytes: Buffer, searched: number): void {
    this.#held = bytes
    this.#start = 0
    this.#length = bytes.length
    this.#searched = searched
  }
}

function beginning (bytes: Buffer, start: number): string {
  return bytes.toString('latin1', start, start + startLength)
}

/** Start of the next message, at `from` or later, whose priority begins before `to`. */
function findStart (bytes: Buffer, from: number, to: number): number | undefined {
  for (let at = bytes.indexOf(angle, from); at !== -1 && at < to; at = bytes.indexOf(angle, at + 1)) {
    const start = startAt(bytes, at, from)
    if (start !== undefined) return start
  }
  return undefined
}

/**
 * Where the message with its priority at `at` begins: at its count, from one place on, or at the priority behind a
 * line's end.
 */
function startAt (bytes: Buffer, at: number, from: number): number | undefined {
  if (!priority.test(beginning(bytes, at))) return undefined
  const match = messageStart.exec(bytes.toString('latin1', Math.max(from, at - startLength), at))
  if (!match) return undefined
  return match[1] === undefined ? at : at - match[1].length - 1
}

/** End of the line, or start of the next message, at `from` or later. */
function findEnd (bytes: Buffer, from: number): number | undefined {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === lineFeed || byte === 0x00) return at + 1
    const start = byte === angle ? startAt(bytes, at, from) : undefined
    if (start !== undefined) return start
  }
  return undefined
}

function endOfBlank (bytes: Buffer, from: number): number {
  let end = from
  while (end < bytes.length && (bytes[end] === lineFeed || bytes[end] === 0x0d || bytes[end] === 0x00)) end++
  return end
}

/** End of a message before `next`, without its line's end. */
function withoutEnd (bytes: Buffer, start: number, next: number): number {
  let end = next
  if (end > start && (bytes[end - 1] === lineFeed || bytes[end - 1] === 0x00)) end--
  if (end > start && bytes[end - 1] === 0x0d) end--
  return end
}
