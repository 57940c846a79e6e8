import type { Writable } from 'node:stream'

const intervalMs = 500

/** Progress of files on a terminal: bytes, rate and remaining time, in one line that is rewritten. */
export class Progress {
  readonly #terminal: Writable
  readonly #total: number
  readonly #startedAt = performance.now()
  #shownAt = this.#startedAt
  #bytes = 0
  #isShown = false

  constructor (terminal: Writable, total: number) {
    this.#terminal = terminal
    this.#total = total
  }

  add (bytes: number): void {
    this.#bytes += bytes
    const now = performance.now()
    if (now - this.#shownAt < intervalMs) return
    this.#shownAt = now
    this.#isShown = true
    const rate = this.#bytes / (now - this.#startedAt) * 1000
    const seconds = Math.ceil(Math.max(0, this.#total - this.#bytes) / rate)
    this.#terminal.write(
      `\r\x1b[K${megabytes(this.#bytes)} of ${megabytes(this.#total)}, ${megabytes(rate)}/s, ${seconds} s left`)
  }

  /** Removes the line. */
  end (): void {
    if (this.#isShown) this.#terminal.write('\r\x1b[K')
  }
}

function megabytes (bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
