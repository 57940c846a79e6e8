import type { Knex } from 'knex'
import { Background } from '../cluster/background.ts'
import { codeOf } from '../errors.ts'
import type { AdmittedBatch } from '../model/batch.ts'
import { utcTime } from '../model/instant.ts'
import type { ServerLog } from '../model/server-log.ts'
import { purgeAudit } from '../store/audit.ts'
import { clockDoubt, databaseNow } from '../store/clock-doubt.ts'
import { DeadLetterCap } from '../store/dead-letter-limits.ts'
import { purgeBatchKeys } from '../store/log-store.ts'
import { forgetLogs } from '../store/recent-logs.ts'
import { sessionsOf } from '../store/sessions.ts'
import { tokensOf } from '../store/tokens.ts'
import { within } from '../timeout.ts'

const intervalMs = 60 * 60 * 1000
/** A batch key makes a retry of its batch safe, and no client retries after a week. */
const batchKeyMs = 7 * 24 * 60 * 60 * 1000
/** An audit of a year has its year and the one before. */
const auditMs = 730 * 24 * 60 * 60 * 1000
/** After this many logs of tokens that store each log once, what is remembered of them is bounded at once. */
const logsPerForgetting = 100_000
/** How long closing waits for a deletion under way. */
const closeMs = 2000

/** A batch with its approximate size in bytes. */
type Batch = AdmittedBatch & { bytes: number }

/**
 * Deletes what accumulates beside the logs: batch keys, expired tokens and sessions, entries of the audit, hashes of
 * recent logs, excess dead letters.
 */
export class Housekeeping {
  readonly #knex: Knex
  readonly #log: ServerLog
  readonly #letters: DeadLetterCap
  readonly #forgetting: Background
  readonly #purging: Background
  /** Logs that were remembered since the last run of `#forgetting`. */
  #remembered = 0

  /** `onTrimmed` is called with the number of dead letters that were deleted because their user had too many. */
  constructor (knex: Knex, log: ServerLog, onTrimmed: (letters: number) => void) {
    this.#knex = knex
    this.#log = log
    const warnOf = (things: string) => (error: unknown) => {
      log.warn({ code: codeOf(error) }, `${things} could not be deleted; the next attempt is in an hour`)
    }
    this.#letters = new DeadLetterCap(knex, warnOf('dead letters past the limit'), onTrimmed)
    this.#forgetting = new Background(() => forgetLogs(knex), intervalMs, warnOf('hashes of recent logs'))
    this.#purging = new Background(() => this.#purge(), intervalMs, warnOf('old batch keys, tokens and audit'))
  }

  /** Schedules the hourly runs. */
  start (): void {
    this.#forgetting.start()
    this.#purging.start()
  }

  /** Counts the dead letters and the remembered logs of batches that were committed. */
  noteCommitted (batches: readonly Batch[]): void {
    for (const { userId, records, rejected = [], bytes, once, repeated = 0 } of batches) {
      if (rejected.length > 0) this.#letters.add(userId, rejected.length, bytes)
      if (once) this.#remembered += records.length - repeated
    }
    if (this.#remembered < logsPerForgetting) return
    this.#remembered = 0
    this.#forgetting.runNow().catch(() => {})
  }

  /** Counts records of a batch that became dead letters because the database refused them. */
  noteDeadLetters ({ userId, bytes }: Batch, letters: number): void {
    this.#letters.add(userId, letters, bytes)
  }

  /** Resolves when no deletion is under way, or after two seconds. */
  async close (): Promise<void> {
    for (const ended of [this.#letters.end(), this.#forgetting.end(), this.#purging.end()]) {
      await within(closeMs, ended).catch(() => {})
    }
  }

  async #purge (): Promise<void> {
    await this.#letters.trimAll()
    const doubt = await clockDoubt(this.#knex)
    if (doubt !== undefined) {
      this.#log.warn({ doubt }, 'old batch keys, tokens and audit are not deleted: the clock may be wrong')
      return
    }
    const now = await databaseNow(this.#knex)
    await purgeBatchKeys(this.#knex, utcTime(now - batchKeyMs))
    await purgeAudit(this.#knex, utcTime(now - auditMs))
    await tokensOf(this.#knex).purge()
    await sessionsOf(this.#knex).purge()
  }
}
