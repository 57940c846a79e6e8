import { codeOf } from '../errors.ts'
import { within } from '../timeout.ts'

export interface PreflightOptions {
  /** Finds database settings that could lose acknowledged logs: a sentence each. */
  findRisks: () => Promise<string[]>
  /** Finds database settings that cost speed: a sentence each. */
  findSlowSettings: () => Promise<string[]>
  /** Milliseconds by which this machine's clock is ahead of the database's. */
  clockErrorMs: () => number
  log: {
    warn (sentence: string): void
    info (sentence: string): void
    debug (fields: object, sentence: string): void
  }
}

/** The database may hang, and the server starts all the same. */
const timeoutMs = 2000
const maxClockErrorMs = 5000

/** Checks whether the database keeps what it commits, what makes it slow, and whether this machine's clock is right. */
export class Preflight {
  readonly #options: PreflightOptions
  #databaseRisks: readonly string[] = []
  #slowSettings: readonly string[] = []

  constructor (options: PreflightOptions) {
    this.#options = options
  }

  /** Ways in which acknowledged logs could be lost, or be given wrong times, at the moment. */
  get risks (): readonly string[] {
    return [...this.#databaseRisks, ...this.#clockRisks()]
  }

  /** Checks again. A setting of the database is logged once, a wrong clock at each check. */
  async check (): Promise<void> {
    const { findRisks, findSlowSettings, log } = this.#options
    try {
      const found = await within(timeoutMs, findRisks())
      for (const risk of found) if (!this.#databaseRisks.includes(risk)) log.warn(risk)
      this.#databaseRisks = found
      for (const risk of this.#clockRisks()) log.warn(risk)
      const slowSettings = await within(timeoutMs, findSlowSettings())
      for (const setting of slowSettings) if (!this.#slowSettings.includes(setting)) log.info(setting)
      this.#slowSettings = slowSettings
    } catch (error) {
      log.debug({ code: codeOf(error) }, 'the settings of the database could not be read')
    }
  }

  /** Stored times are by the database's clock, but "now" in queries and the expiry of tokens are by this machine's. */
  #clockRisks (): string[] {
    const errorMs = this.#options.clockErrorMs()
    const seconds = Math.round(Math.abs(errorMs) / 1000)
    if (Math.abs(errorMs) < maxClockErrorMs) return []
    const direction = errorMs > 0 ? 'ahead of' : 'behind'
    return [`this machine's clock is ${seconds} seconds ${direction} the database's: set both by NTP`]
  }
}
