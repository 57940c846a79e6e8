/** A request takes so many lines, or about so many bytes, at most, or one line. */
const batchLines = 500
const batchBytes = 512 * 1024

/**
 * The lines that wait to be sent, and those that are under way. When it is full the newest are
 * dropped, not the oldest: how a fault began tells more than its middle, what is under way can't be
 * taken back, and so one gap has one place, which the queue marks by a log of its own.
 */
export class LineQueue {
  readonly #limit: number
  readonly #onDrop: () => void
  readonly #mark: (dropped: number) => Buffer
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #lines = 0
  #bytes = 0
  /** Since the queue is full. */
  #dropped = 0

  /** `limit` in bytes; `mark` gives the line that stands where so many are missing. */
  constructor (limit: number, onDrop: () => void, mark: (dropped: number) => Buffer) {
    this.#limit = limit
    this.#onDrop = onDrop
    this.#mark = mark
  }

  /** Lines that wait or are under way. */
  get lines (): number {
    return this.#lines
  }

  /** Whether as many wait as a request takes. */
  get hasBatch (): boolean {
    return this.#waiting.length >= batchLines || this.#waitingBytes >= batchBytes
  }

  /** A line with its line feed. */
  push (line: Buffer): void {
    // Full, it stays so until something has left: a gap is not to be pierced by what is short enough.
    if (this.#dropped > 0 || this.#bytes + line.length > this.#limit) {
      this.#dropped++
      this.#onDrop()
    } else {
      this.#add(line)
    }
  }

  /** The next request's lines, which stay under way until they leave. */
  take (): Buffer[] {
    let bytes = 0
    let count = 0
    for (const line of this.#waiting) {
      if (count > 0 && (count === batchLines || bytes + line.length > batchBytes)) break
      bytes += line.length
      count++
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  /** These are no concern any more: there is room. */
  leave (lines: readonly Buffer[]): void {
    this.#lines -= lines.length
    for (const line of lines) this.#bytes -= line.length
    if (this.#dropped > 0) this.#add(this.#mark(this.#dropped))
    this.#dropped = 0
  }

  #add (line: Buffer): void {
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    this.#lines++
    this.#bytes += line.length
  }
}
