// The table `instances`: the processes that store batches into this database. It gives the followers of the batches a
// horizon, before which no new batch appears.
//
//   enter      1. write a row that holds back the horizon of all instances
//              2. read how far the other instances have announced theirs
//              3. set the clock to continue from there, and announce it. Only now may this process store
//   announce   the oldest transaction under way here: each second, and whenever the horizon is asked for, which is
//              never later than what was announced. So an instance that enters is behind no horizon
//   lapsed     not announced for `lapsedMs`: this process stores nothing until it has entered again
//   gone       not seen for `goneMs`: the others continue without it. Its transactions may have committed meanwhile, so
//              for `forgottenMs` no instance assumes that it is alone
//
// All times are the database's: the clocks of two instances need not agree.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import { latestOf } from '../store/batches.ts'
import { disconnect } from '../store/connect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { limited, type OnConnection } from '../store/limited.ts'
import { within } from '../timeout.ts'
import type { Announcements } from './announcements.ts'

const announceMs = 1000
/** A statement that takes longer is cut off. */
const statementTimeoutMs = 5000
/** An instance that was not seen for this long, in milliseconds, is gone. */
export const goneMs = 10_000
const lapsedMs = goneMs / 2
const forgottenMs = 15 * 60_000
/** Announced while entering: no horizon passes it. */
const holdsAll: UtcTime = '1000-01-01 00:00:00.000000'

/** The clock of what this process stores. See `src/write/clock.ts`. */
export interface CommitTimes {
  /** Start of the oldest transaction under way. */
  readonly oldest: UtcTime
  /** Number of transactions that have begun. */
  readonly begun: number
  follow (databaseTime: UtcTime, agoMs: number, floor?: UtcTime): void
}

export interface Horizon {
  /** No new batch appears before it. */
  time: UtcTime
  /** Only this process stores. */
  alone: boolean
}

/** This process among the instances that share the database. */
export class Instance {
  readonly #knex: Knex
  readonly #own: Knex | undefined
  readonly #clock: CommitTimes
  readonly #isOneOfMany: boolean
  readonly #announcements: Announcements | undefined
  readonly #id = randomUUID()
  readonly #closing = new AbortController()
  #entering: Promise<void> | undefined
  #running: Promise<void> | undefined
  #hasEntered = false
  #announcedAt = -Infinity
  #databaseTime: { milliseconds: number, at: number } | undefined
  /** The latest horizon that was told. */
  #horizonTime: UtcTime | undefined

  /** `announcements` are noted for those who read a replica. */
  constructor (knex: Knex, clock: CommitTimes, announcements?: Announcements) {
    this.#own = dialectOf(knex).openControl(knex)
    this.#knex = this.#own ?? knex
    this.#clock = clock
    this.#announcements = announcements
    this.#isOneOfMany = dialectOf(knex).hasManyWriters(knex)
  }

  /** Id of its row in `instances`. */
  get id (): string {
    return this.#id
  }

  /** Connection for statements about instances and leases: searches and these do not wait for each other. */
  get control (): Knex {
    return this.#knex
  }

  /** Number of transactions that this process has begun to store logs. */
  get commits (): number {
    return this.#clock.begun
  }

  /** How far this machine's clock is ahead of the database's, in milliseconds; negative where it is behind. */
  get clockErrorMs (): number {
    if (this.#databaseTime === undefined) return 0
    const { milliseconds, at } = this.#databaseTime
    return Date.now() - (milliseconds + performance.now() - at)
  }

  /** Enters, and announces this process from then on. */
  start (): void {
    if (this.#isOneOfMany) this.#running ??= this.#run()
    else this.#enterOnce().catch(() => {})
  }

  async end (): Promise<void> {
    this.#closing.abort()
    // A database that hangs must not keep the service from closing.
    await within(announceMs, this.#leave()).catch(() => {})
    await disconnect(this.#own)
  }

  /** What must be awaited before anything may be stored; undefined if nothing must. */
  admission (): Promise<void> | undefined {
    return this.#mayStore ? undefined : this.#enterOnce()
  }

  /** The horizon of all instances as of now. */
  async horizon (): Promise<Horizon> {
    await this.admission()
    if (!this.#isOneOfMany) return { time: this.#clock.oldest, alone: true }
    return this.#withLimit((on) => this.#announce(on))
  }

  get #mayStore (): boolean {
    return this.#hasEntered && (!this.#isOneOfMany || performance.now() - this.#announcedAt < lapsedMs)
  }

  async #run (): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      // The writer and the feed report an outage.
      await (this.#mayStore ? this.#withLimit((on) => this.#announce(on)) : this.#enterOnce()).catch(() => {})
      await delay(announceMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #enterOnce (): Promise<void> {
    this.#entering ??= this.#enter().finally(() => { this.#entering = undefined })
    return this.#entering
  }

  async #enter (): Promise<void> {
    await this.#withLimit(async (on) => {
      if (this.#isOneOfMany) await this.#write(on, holdsAll)
      const askedAt = performance.now()
      const { now, latest } = await latestOf(this.#knex, on)
      this.#follow(now, performance.now() - askedAt, latest)
      if (this.#isOneOfMany) await this.#announce(on)
    })
    this.#hasEntered = true
  }

  async #leave (): Promise<void> {
    await this.#running
    if (!this.#hasEntered || !this.#isOneOfMany) return
    await this.#withLimit((on) => on(this.#knex('instances').where('id', this.#id).delete()))
  }

  /** Resolves to the horizon: an instance that is not seen here stores nothing from before it. */
  async #announce (on: OnConnection): Promise<Horizon> {
    const startedAt = performance.now()
    const here = this.#clock.oldest
    const before = this.#horizonTime
    await this.#write(on, here)
    const askedAt = performance.now()
    const { oldest, alone, now, seenAt } = await this.#readOthers(on)
    this.#announcedAt = startedAt
    this.#follow(now, performance.now() - askedAt)
    if (before !== undefined) this.#announcements?.note(seenAt, before)
    const time = oldest !== undefined && oldest < here ? oldest : here
    // An instance that enters holds everything back for a moment.
    if (before === undefined || time > before) this.#horizonTime = time
    return { time, alone }
  }

  async #write (on: OnConnection, oldest: UtcTime): Promise<void> {
    const row = { id: this.#id, seen_at: this.#knex.raw(dialectOf(this.#knex).ago(0)), oldest_at: oldest }
    await on(this.#knex('instances').insert(row).onConflict('id').merge(['seen_at', 'oldest_at']))
  }

  /** Reads the oldest transaction of the other instances, whether there are any, and what was written of this one. */
  async #readOthers (on: OnConnection): Promise<{
    oldest: UtcTime | undefined
    alone: boolean
    now: UtcTime
    seenAt: string
  }> {
    const { now, ago } = dialectOf(this.#knex)
    const isKnown = this.#knex.raw(`seen_at > ${ago(forgottenMs)}`)
    const others = this.#knex('instances').whereNot('id', this.#id).where(isKnown)
    const row = await on(others.first(this.#knex.raw(`${now} AS now, COUNT(*) AS others,
      CAST(MIN(CASE WHEN seen_at > ${ago(goneMs)} THEN oldest_at END) AS CHAR) AS oldest,
      (SELECT CAST(own.seen_at AS CHAR) FROM instances AS own WHERE own.id = ?) AS seen_at`, [this.#id])))
    return { oldest: row.oldest ?? undefined, alone: Number(row.others) === 0, now: row.now, seenAt: row.seen_at }
  }

  #follow (databaseTime: UtcTime, agoMs: number, floor?: UtcTime): void {
    this.#clock.follow(databaseTime, agoMs, floor)
    this.#databaseTime = { milliseconds: millisecondsOf(databaseTime), at: performance.now() }
  }

  #withLimit<T> (work: (on: OnConnection) => Promise<T>): Promise<T> {
    return limited(this.#knex, statementTimeoutMs, work)
  }
}
