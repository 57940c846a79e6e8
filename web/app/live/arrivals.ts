// Logs that have arrived and are not in the list yet, in bounded memory; and how many there were.
import type { Log } from '../api/types.ts'
import { bytesOf } from '../rows/segments.ts'

/** Logs that wait in memory; more are let go, and read from the database when they are wanted. */
const maxLogs = 5000
const maxBytes = 16_000_000
/** Milliseconds over which the rate is measured. */
const rateMs = 2000

export class Arrivals {
  readonly #logs = new Map<string, Log>()
  readonly #times: Array<{ at: number, logs: number }> = []
  #bytes = 0
  count = 0
  errors = 0
  /** Some were let go: the list must be read anew. */
  isOver = false

  add (logs: readonly Log[], now: number): void {
    this.#times.push({ at: now, logs: logs.length })
    for (const log of logs) {
      if (this.#logs.has(log.id)) continue
      this.count++
      if (isError(log)) this.errors++
      if (this.isOver) continue
      this.#logs.set(log.id, log)
      this.#bytes += bytesOf(log)
      if (this.#logs.size > maxLogs || this.#bytes > maxBytes) this.#letGo()
    }
  }

  /** Takes all; none are left. */
  take (): Log[] {
    const logs = [...this.#logs.values()]
    this.#logs.clear()
    this.#bytes = this.count = this.errors = 0
    return logs
  }

  /** Logs in a second, as measured now. */
  rate (now: number): number {
    while (this.#times[0] && now - this.#times[0].at > rateMs) this.#times.shift()
    return Math.round(this.#times.reduce((sum, { logs }) => sum + logs, 0) * 1000 / rateMs)
  }

  #letGo (): void {
    this.#logs.clear()
    this.#bytes = 0
    this.isOver = true
  }
}

export function isError ({ level }: Log): boolean {
  return level === 'error' || level === 'critical'
}
