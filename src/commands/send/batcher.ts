// Cuts bytes into lines, joins lines to logs, and gathers logs in batches. A batch is a range of the input: the same
// range gives the same logs, so that a retry after a crash sends the same bytes.
import { headOf, Joiner } from './joiner.ts'

const newline = 0x0a
const nothing = Buffer.alloc(0)
/** A request is a few transactions of the server. */
const maxBatchLogs = 2000
const maxBatchBytes = 1024 * 1024
/** A longer line becomes several logs: the server refuses logs of more than LOGGER_BODY_LIMIT. */
const maxLineBytes = 1024 * 1024
const maxJoinedLines = 1000
const maxJoinedBytes = 256 * 1024
/** A longer line is never taken for a blank one. */
const maxBlankBytes = 256
/** Time that a log waits for others while more of them arrive. */
const maxWaitMs = 1000

/** Logs of one request. */
export interface Batch {
  logs: Buffer[]
  /** Bytes of the input that it covers, with blank lines. */
  bytes: number
}

export class Batcher {
  readonly #joins: boolean
  readonly #joiner = new Joiner()
  /** A line that has not ended. */
  #rest: Buffer = nothing
  /** Lines of the log that may go on. */
  #lines: Buffer[] = []
  #lineBytes = 0
  #logs: Buffer[] = []
  #bytes = 0
  #startedAt = 0

  constructor (joins: boolean) {
    this.#joins = joins
  }

  /** Whether whole lines wait. */
  get isWaiting (): boolean {
    return this.#bytes + this.#lineBytes > 0
  }

  /** Adds bytes; yields the batches that are full, or have waited long enough. */
  * push (chunk: Buffer): Generator<Batch, void, void> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (;;) {
      const found = bytes.indexOf(newline, Math.max(start, this.#rest.length))
      const end = Math.min(found === -1 ? bytes.length : found + 1, start + maxLineBytes)
      if (end < start + maxLineBytes && found === -1) break
      yield * this.#addLine(bytes.subarray(start, end))
      start = end
      this.#rest = nothing
    }
    // A copy, so that a short line does not hold a whole chunk in memory.
    this.#rest = Buffer.from(bytes.subarray(start))
    if (this.#logs.length > 0 && performance.now() - this.#startedAt > maxWaitMs) yield this.#cut()
  }

  /** Ends the log and the batch, because nothing follows for now. */
  * flush (): Generator<Batch, void, void> {
    yield * this.#endLog()
    if (this.#bytes > 0) yield this.#cut()
  }

  /** Ends the input, also within a line. */
  * end (): Generator<Batch, void, void> {
    if (this.#rest.length > 0) yield * this.#addLine(this.#rest)
    this.#rest = nothing
    yield * this.flush()
  }

  * #addLine (line: Buffer): Generator<Batch, void, void> {
    const head = headOf(line)
    if (!this.#continues(line, head)) {
      yield * this.#endLog()
      this.#joiner.begin(head)
    }
    this.#lines.push(line)
    this.#lineBytes += line.length
  }

  #continues (line: Buffer, head: string): boolean {
    if (!this.#joins || this.#lines.length === 0 || this.#lines.length === maxJoinedLines) return false
    if (this.#lineBytes + line.length > maxJoinedBytes) return false
    return head.trim() === '' || this.#joiner.continues(head)
  }

  * #endLog (): Generator<Batch, void, void> {
    if (this.#lines.length === 0) return
    const isFull = this.#logs.length === maxBatchLogs || this.#bytes + this.#lineBytes > maxBatchBytes
    if (isFull && this.#bytes > 0) yield this.#cut()
    if (this.#bytes === 0) this.#startedAt = performance.now()
    const log = withoutBlankLines(this.#lines)
    if (log.length > 0) this.#logs.push(log)
    this.#bytes += this.#lineBytes
    this.#lines = []
    this.#lineBytes = 0
  }

  #cut (): Batch {
    const batch = { logs: this.#logs, bytes: this.#bytes }
    this.#logs = []
    this.#bytes = 0
    return batch
  }
}

/** Joins lines without the blank ones around them, and without the last line break. */
function withoutBlankLines (lines: Buffer[]): Buffer {
  const isBlank = (line: Buffer) => line.length < maxBlankBytes && headOf(line).trim() === ''
  const first = lines.findIndex((line) => !isBlank(line))
  if (first === -1) return nothing
  const last = lines.findLastIndex((line) => !isBlank(line))
  const joined = first === last ? lines[first] ?? nothing : Buffer.concat(lines.slice(first, last + 1))
  return joined.at(-1) === newline ? joined.subarray(0, joined.at(-2) === 0x0d ? -2 : -1) : joined
}
