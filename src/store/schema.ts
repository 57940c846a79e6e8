import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { codeOf, DatabaseAway, describeFailure } from '../errors.ts'
import type { ServerLog } from '../model/server-log.ts'
import { isAway } from './connect.ts'
import { dialectOf } from './dialects/index.ts'
import { checkSchema, migrateToLatest } from './migrations.ts'

/** Delay between two attempts while the database is unavailable. */
const retryMs = 1000

/** Brings the schema up to date, or checks it: at start, or, if the database is unavailable then, later. */
export class SchemaSetup {
  readonly #knex: Knex
  readonly #migrate: boolean
  readonly #log: ServerLog
  readonly #closing = new AbortController()

  constructor (knex: Knex, migrate: boolean, log: ServerLog) {
    this.#knex = knex
    this.#migrate = migrate
    this.#log = log
  }

  /** Rejects if the schema cannot be used; not if it `mayWait` and the database is unavailable for now. */
  async run (mayWait: boolean): Promise<void> {
    try {
      await this.#prepare()
    } catch (error) {
      if (!mayWait || !this.#isForNow(error)) throw error
      this.#log.error({ code: codeOf(error) }, 'the database is unavailable: logs of known users go to the spool')
      this.#prepareLater().catch(() => {})
    }
  }

  close (): void {
    this.#closing.abort()
  }

  async #prepare (): Promise<void> {
    if (this.#migrate) await migrateToLatest(this.#knex)
    else await checkSchema(this.#knex)
  }

  async #prepareLater (): Promise<void> {
    for (let isReported = false; ;) {
      await delay(retryMs, undefined, { ref: false, signal: this.#closing.signal })
      try {
        return await this.#prepare()
      } catch (error) {
        if (isReported || this.#isForNow(error)) continue
        isReported = true
        const failure = describeFailure(error)
        this.#log.error({ failure }, 'the database is available again, but this version cannot use its tables: ' +
          'see loggerbot migrate')
      }
    }
  }

  #isForNow (error: unknown): boolean {
    return error instanceof DatabaseAway || isAway(this.#knex, error) || dialectOf(this.#knex).mayPass(error)
  }
}
