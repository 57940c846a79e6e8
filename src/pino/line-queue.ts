/** A request has at most 500 lines and 512 KiB; a longer line is a request of its own. */
const maxBatchLines = 500
const maxBatchBytes = 512 * 1024

/** How a queue is bounded, and how it tells of dropped lines. */
export interface QueueOptions {
  maxBytes: number
  onDrop: () => void
  /** Makes the line that marks a gap in the stream. */
  gapLine: (dropped: number) => Buffer
}

/**
 * Lines that wait to be sent, and those that are being sent. A full queue drops the newest lines, not the oldest: the
 * start of a fault tells more than its middle, and lines that are being sent cannot be recalled. So a gap is in one
 * place, which the queue marks by a line of its own.
 */
export class LineQueue {
  readonly #options: QueueOptions
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #lines = 0
  #bytes = 0
  /** Lines dropped since the queue became full. */
  #dropped = 0

  constructor (options: QueueOptions) {
    this.#options = options
  }

  /** Lines that wait or are being sent. */
  get lines (): number {
    return this.#lines
  }

  /** Whether a full request waits. */
  get hasBatch (): boolean {
    return this.#waiting.length >= maxBatchLines || this.#waitingBytes >= maxBatchBytes
  }

  /** Adds a line, which ends with its line feed. */
  push (line: Buffer): void {
    // Once full, every line is dropped until some lines leave: or short ones would split the gap.
    if (this.#dropped > 0 || this.#bytes + line.length > this.#options.maxBytes) {
      this.#dropped++
      this.#options.onDrop()
    } else {
      this.#add(line)
    }
  }

  /** Lines for the next request; they count until they are removed. */
  nextBatch (): Buffer[] {
    let bytes = 0
    let count = 0
    for (const line of this.#waiting) {
      if (count > 0 && (count === maxBatchLines || bytes + line.length > maxBatchBytes)) break
      bytes += line.length
      count++
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  /** Removes lines that were sent or given up. */
  remove (lines: readonly Buffer[]): void {
    this.#lines -= lines.length
    for (const line of lines) this.#bytes -= line.length
    if (this.#dropped > 0) this.#add(this.#options.gapLine(this.#dropped))
    this.#dropped = 0
  }

  #add (line: Buffer): void {
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    this.#lines++
    this.#bytes += line.length
  }
}
