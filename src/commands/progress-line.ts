import type { Writable } from 'node:stream'

/** Interval of lines on a terminal, which are rewritten, and elsewhere, in milliseconds. */
const terminalMs = 500
const elsewhereMs = 10_000

/** Progress on standard error: a line that is rewritten on a terminal, and one every ten seconds elsewhere. */
export class ProgressLine {
  readonly #stream: Writable
  readonly #isTerminal: boolean
  readonly #startedAt = performance.now()
  #shownAt = this.#startedAt
  #isShown = false

  constructor (stream: Writable) {
    this.#stream = stream
    this.#isTerminal = 'isTTY' in stream && stream.isTTY === true
  }

  /** Seconds since the start. */
  get seconds (): number {
    return (performance.now() - this.#startedAt) / 1000
  }

  /** Shows the text, unless another was shown a moment ago. */
  show (text: () => string): void {
    const now = performance.now()
    if (now - this.#shownAt < (this.#isTerminal ? terminalMs : elsewhereMs)) return
    this.#shownAt = now
    this.#isShown = true
    this.#stream.write(this.#isTerminal ? `\r\x1b[K${text()}` : `${text()}\n`)
  }

  /** Removes the line from a terminal. */
  end (): void {
    if (this.#isShown && this.#isTerminal) this.#stream.write('\r\x1b[K')
  }
}
