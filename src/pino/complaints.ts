import { writeSync } from 'node:fs'

/** Numbers are told so often, in milliseconds. */
const pause = 5000

/** What the transport has to say for itself, on stderr: it can't log it. */
export class Complaints {
  readonly #said = new Set<string>()
  readonly #losses = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  /** Says it, unless the same was said since all was well. */
  once (text: string): void {
    if (this.#said.has(text)) return
    this.#said.add(text)
    say(text)
  }

  allIsWell (): void {
    this.#said.clear()
  }

  /** What became of so many logs, `dropped: …`: summed up, and said every few seconds. */
  lost (logs: number, fate: string): void {
    this.#losses.set(fate, (this.#losses.get(fate) ?? 0) + logs)
    this.#timer ??= setTimeout(() => this.sumUp(), pause).unref()
  }

  /** Says at once what was not said yet. */
  sumUp (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [fate, logs] of this.#losses) say(`${logs} ${logs === 1 ? 'log was' : 'logs were'} ${fate}`)
    this.#losses.clear()
  }
}

/** Straight to the file: what a thread writes to `process.stderr` is lost when the process ends. */
function say (text: string): void {
  try {
    writeSync(2, `loggerbot-server/pino: ${text}\n`)
  } catch {
    // Nobody reads it, or not fast enough.
  }
}
