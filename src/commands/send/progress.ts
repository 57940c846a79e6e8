import type { Writable } from 'node:stream'
import { ProgressLine } from '../progress-line.ts'

/** Progress of files on a terminal: bytes, rate and remaining time. */
export class Progress {
  readonly #line: ProgressLine
  readonly #total: number
  #bytes = 0

  constructor (terminal: Writable, total: number) {
    this.#line = new ProgressLine(terminal)
    this.#total = total
  }

  add (bytes: number): void {
    this.#bytes += bytes
    this.#line.show(() => {
      const rate = this.#bytes / this.#line.seconds
      const seconds = Math.ceil(Math.max(0, this.#total - this.#bytes) / rate)
      return `${megabytes(this.#bytes)} of ${megabytes(this.#total)}, ${megabytes(rate)}/s, ${seconds} s left`
    })
  }

  /** Removes the line. */
  end (): void {
    this.#line.end()
  }
}

function megabytes (bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
