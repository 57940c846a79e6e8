import { writeSync } from 'node:fs'

/** Milliseconds between two reports of lost logs. */
const lossReportMs = 5000

/** Faults of the transport, reported on stderr because it cannot log them. */
export class Reports {
  readonly #reported = new Set<string>()
  readonly #losses = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  /** Reports a fault, unless it was reported since the last success. */
  addFault (text: string): void {
    if (this.#reported.has(text)) return
    this.#reported.add(text)
    report(text)
  }

  /** Lets every fault be reported again. */
  addSuccess (): void {
    this.#reported.clear()
  }

  /** Counts logs that are not stored; every five seconds the counts are reported by reason. */
  addLoss (logs: number, reason: string): void {
    this.#losses.set(reason, (this.#losses.get(reason) ?? 0) + logs)
    this.#timer ??= setTimeout(() => this.reportLosses(), lossReportMs).unref()
  }

  /** Reports the counts now. */
  reportLosses (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [reason, logs] of this.#losses) report(`logs not stored: ${logs}, ${reason}`)
    this.#losses.clear()
  }
}

/** Writes to the file itself: a thread's writes to `process.stderr` are lost when the process ends. */
function report (text: string): void {
  try {
    writeSync(2, `loggerbot-server/pino: ${text}\n`)
  } catch {
    // stderr is closed, or not read fast enough.
  }
}
