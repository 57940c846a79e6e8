// The table `instances`: which processes store batches, so that whoever follows the batches knows
// before what nothing new can appear, and nobody appears behind its back.
//
//   enter      1. a row that holds everybody's horizon        2. how far the others have announced theirs
//              3. the clock goes on from there, and the row says so. Only now may this process store.
//   announce   how far back goes what is under way here: each second, and whenever the horizon is asked for, which is
//              nowhere later than what was announced. So whoever enters is behind nobody's
//   lapsed     not announced for `lapsedMs`: nothing is stored until this process has entered again
//   gone       not seen for `goneMs`: the others go on without it; its transactions may have taken place meanwhile,
//              so for `forgottenMs` nobody takes itself for alone
//
// All times are the database's: no two instances need agree about theirs.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import { latestOf } from '../store/batches.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { limited, type OnConnection } from '../store/limited.ts'
import { within } from '../timeout.ts'

const announceMs = 1000
/** A statement that takes longer is cut off. */
const limitMs = 5000
const goneMs = 10_000
const lapsedMs = goneMs / 2
const forgottenMs = 15 * 60_000
const holdsAll: UtcTime = '1000-01-01 00:00:00.000000'

/** The clock of what this process stores. See `src/write/clock.ts`. */
export interface CommitTimes {
  readonly oldest: UtcTime
  follow (databaseTime: UtcTime, agoMs: number, floor?: UtcTime): void
}

export interface Horizon {
  /** Nothing new appears before it. */
  time: UtcTime
  /** Nobody but this process stores. */
  alone: boolean
}

export class Instance {
  readonly #knex: Knex
  readonly #own: Knex | undefined
  readonly #clock: CommitTimes
  readonly #isOneOfMany: boolean
  readonly #id = randomUUID()
  readonly #closing = new AbortController()
  #entering: Promise<void> | undefined
  #running: Promise<void> | undefined
  #hasEntered = false
  #announcedAt = -Infinity
  #databaseTime: { milliseconds: number, at: number } | undefined

  constructor (knex: Knex, clock: CommitTimes) {
    this.#own = dialectOf(knex).openControl(knex)
    this.#knex = this.#own ?? knex
    this.#clock = clock
    this.#isOneOfMany = dialectOf(knex).hasManyWriters
  }

  /** For statements about instances and leases: no search waits for these, nor they for a search. */
  get control (): Knex {
    return this.#knex
  }

  /** How far this machine's clock is ahead of the database's, in milliseconds; negative where it is behind. */
  get clockErrorMs (): number {
    if (this.#databaseTime === undefined) return 0
    const { milliseconds, at } = this.#databaseTime
    return Date.now() - (milliseconds + performance.now() - at)
  }

  /** Announces this process again and again, once it has entered. */
  start (): void {
    if (this.#isOneOfMany) this.#running ??= this.#run()
    else this.#enterOnce().catch(() => {})
  }

  async end (): Promise<void> {
    this.#closing.abort()
    // A database that hangs must not keep the service from closing.
    await within(announceMs, (async () => {
      await this.#running
      if (this.#hasEntered && this.#isOneOfMany) await this.#ask((on) => on(this.#knex('instances').where('id', this.#id).delete()))
    })()).catch(() => {})
    await within(announceMs, this.#own?.destroy() ?? Promise.resolve()).catch(() => {})
  }

  /** What must be awaited before anything may be stored; undefined where nothing must. */
  admission (): Promise<void> | undefined {
    return this.#mayStore ? undefined : this.#enterOnce()
  }

  /** As of now. */
  async horizon (): Promise<Horizon> {
    await this.admission()
    if (!this.#isOneOfMany) return { time: this.#clock.oldest, alone: true }
    return this.#ask((on) => this.#announce(on))
  }

  get #mayStore (): boolean {
    return this.#hasEntered && (!this.#isOneOfMany || performance.now() - this.#announcedAt < lapsedMs)
  }

  async #run (): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      // An outage is told of by the writer and the feed.
      await (this.#mayStore ? this.#ask((on) => this.#announce(on)) : this.#enterOnce()).catch(() => {})
      await delay(announceMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #enterOnce (): Promise<void> {
    this.#entering ??= this.#enter().finally(() => { this.#entering = undefined })
    return this.#entering
  }

  async #enter (): Promise<void> {
    await this.#ask(async (on) => {
      if (this.#isOneOfMany) await this.#write(on, holdsAll)
      const askedAt = performance.now()
      const { now, latest } = await latestOf(this.#knex, on)
      this.#follow(now, performance.now() - askedAt, latest)
      if (this.#isOneOfMany) await this.#announce(on)
    })
    this.#hasEntered = true
  }

  /** Resolves to the horizon: nobody who has not been seen here stores anything from before it. */
  async #announce (on: OnConnection): Promise<Horizon> {
    const startedAt = performance.now()
    const here = this.#clock.oldest
    await this.#write(on, here)
    const askedAt = performance.now()
    const { oldest, alone, now } = await this.#others(on)
    this.#announcedAt = startedAt
    this.#follow(now, performance.now() - askedAt)
    return { time: oldest !== undefined && oldest < here ? oldest : here, alone }
  }

  async #write (on: OnConnection, oldest: UtcTime): Promise<void> {
    await on(this.#knex.raw(`INSERT INTO instances (id, seen_at, oldest_at) VALUES (?, UTC_TIMESTAMP(6), ?)
      ON DUPLICATE KEY UPDATE seen_at = UTC_TIMESTAMP(6), oldest_at = ?`, [this.#id, oldest, oldest]))
  }

  /** How far back goes what the others store, and whether there are any. */
  async #others (on: OnConnection): Promise<{ oldest: UtcTime | undefined, alone: boolean, now: UtcTime }> {
    const ago = (milliseconds: number) => `UTC_TIMESTAMP(6) - INTERVAL ${milliseconds / 1000} SECOND`
    const [[row]] = await on(this.#knex.raw(`SELECT ${dialectOf(this.#knex).now} AS now, COUNT(*) AS others,
      CAST(MIN(CASE WHEN seen_at > ${ago(goneMs)} THEN oldest_at END) AS CHAR) AS oldest
      FROM instances WHERE id <> ? AND seen_at > ${ago(forgottenMs)}`, [this.#id]))
    return { oldest: row.oldest ?? undefined, alone: Number(row.others) === 0, now: row.now }
  }

  #follow (databaseTime: UtcTime, agoMs: number, floor?: UtcTime): void {
    this.#clock.follow(databaseTime, agoMs, floor)
    this.#databaseTime = { milliseconds: millisecondsOf(databaseTime), at: performance.now() }
  }

  async #ask<T> (work: (on: OnConnection) => Promise<T>): Promise<T> {
    return limited(this.#knex, limitMs, work)
  }
}
