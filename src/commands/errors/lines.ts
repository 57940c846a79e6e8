const newline = 0x0a
const carriageReturn = 0x0d
const nothing: Buffer = Buffer.alloc(0)
/** Bytes of a line; what a longer line has beyond them is skipped. */
const maxLineBytes = 8 * 1024 * 1024

/** The lines of a stream, without their ends: all that end in one chunk together. */
export async function * linesOfStream (input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer[], void, void> {
  const line = new PartialLine()
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk)
    const lines: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      lines.push(line.end(bytes.subarray(start, end)))
      start = end + 1
    }
    line.add(bytes.subarray(start))
    if (lines.length > 0) yield lines
  }
  if (!line.isEmpty) yield [line.end(nothing)]
}

/** A line of which only the beginning has come. */
class PartialLine {
  #parts: Buffer[] = []
  #bytes = 0

  get isEmpty (): boolean {
    return this.#bytes === 0
  }

  add (part: Buffer): void {
    const kept = part.subarray(0, maxLineBytes - this.#bytes)
    if (kept.length > 0) this.#parts.push(kept)
    this.#bytes += kept.length
  }

  /** Adds the last part. Returns the whole line. */
  end (part: Buffer): Buffer {
    this.add(part)
    const whole = Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    return whole.at(-1) === carriageReturn ? whole.subarray(0, -1) : whole
  }
}
