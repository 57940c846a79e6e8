// Which logs a user's retention deletes, by two clocks, because a sender's may be wrong:
//
//   it happened before the limit, and arrived before it        deleted: an ordinary log
//   it happened before the limit, and arrived since            kept until its arrival is that long ago
//   it "happens" in the future, and arrived before the limit   deleted: that time would never come
//
// A log's id tells when it arrived: its upper 48 bits are the server's clock in milliseconds.
import type { Knex } from 'knex'
import { utcTime } from '../model/instant.ts'
import { clockDoubt, ClockInDoubt, databaseNow } from '../store/clock-doubt.ts'
import type { Partition } from '../store/dialects/dialect.ts'
import { expireDeadLetters } from '../store/dead-letter-limits.ts'
import type { Reader } from '../store/reader.ts'
import { usersOf, type User } from '../store/users.ts'
import { deleteExpired, type Expired } from './expiry.ts'
import { dropLeftovers, dropWhole, findExpired, findSurplusPartitions, keptAt } from './partitions/drop.ts'
import type { WholePartition } from './partitions/drop.ts'
import { limitAlongKey, listPartitions, makePartitions, mergePartitions } from './partitions/partitions.ts'
import { deleteSurplus, findSurplus } from './row-limit.ts'

/** How long logs are kept, and how many. */
export interface Retention {
  /** Days, unless a user has a number of their own; 0: for ever. */
  days: number
  /** Maximum number of logs of all users; 0: no limit. */
  rows: number
  /** Deletes by age even if the clock may be wrong. Default false. */
  trustClock?: boolean
}

const dayMs = 86_400_000

/** The logs of these users that are expired by age, in a table with these partitions. */
export function expiredAt (
  now: number, days: number, users: readonly User[], partitions: readonly Partition[]
): Expired[] {
  const maxDays = maxDaysOf(days, users)
  return users.flatMap(({ id, retentionDays }) => {
    const kept = retentionDays ?? days
    if (kept === 0) return []
    const limit = now - kept * dayMs
    const idBelow = BigInt(limit) << 16n
    const until = utcTime(kept === maxDays ? limitAlongKey(partitions, limit) : limit)
    return [{ userId: id, until, idBelow }, { userId: id, after: utcTime(now), idBelow }]
  })
}

/** Time in ms since 1970 before which only logs that are kept for ever are kept; 0 where there is none. */
export function limitForAll (now: number, days: number, users: readonly User[]): number {
  return Math.max(0, now - maxDaysOf(days, users) * dayMs)
}

/** The longest retention of a user, in days; Infinity where all logs are kept for ever. */
function maxDaysOf (days: number, users: readonly User[]): number {
  const limits = users.map(({ retentionDays }) => retentionDays ?? days).filter((kept) => kept !== 0)
  return limits.length === 0 ? Infinity : Math.max(...limits)
}

/** One run of the retention: whole partitions first, the rest in small steps. */
export class RetentionRun {
  readonly #knex: Knex
  readonly #signal: AbortSignal
  readonly #retention: Retention
  readonly #onPartitionFailure: (error: unknown) => void

  /** `onPartitionFailure` is called where partitions cannot be maintained: logs are deleted row by row instead. */
  constructor ({ knex, signal }: Reader, retention: Retention, onPartitionFailure: (error: unknown) => void) {
    this.#knex = knex
    this.#signal = signal
    this.#retention = retention
    this.#onPartitionFailure = onPartitionFailure
  }

  /** Deletes in steps; yields the number deleted by each. Throws ClockInDoubt in the end if none was deleted by age. */
  async * steps (): AsyncGenerator<number, void, void> {
    const knex = this.#knex
    const { days, trustClock = false } = this.#retention
    const now = await databaseNow(knex)
    const users = await usersOf(knex).list()
    const limit = limitForAll(now, days, users)
    const doubt = trustClock || limit === 0 ? undefined : await clockDoubt(knex)
    if (doubt === undefined) yield * this.#deleteByAge(now, users, limit)
    yield * this.#deleteAboveLimit(now)
    if (doubt !== undefined) {
      throw new ClockInDoubt(`nothing was deleted by age, because the clock may be wrong: ${doubt}`)
    }
    await this.#tryPartitions(mergePartitions(knex, now, this.#signal))
  }

  async * #deleteByAge (now: number, users: readonly User[], limit: number): AsyncGenerator<number, void, void> {
    const knex = this.#knex
    const { days } = this.#retention
    await this.#tryPartitions(makePartitions(knex, now, this.#signal))
    await this.#tryPartitions(dropLeftovers(knex, keptAt(limit, days)))
    yield * this.#drop(findExpired(knex, limit, days, this.#signal))
    for (const expired of expiredAt(now, days, users, await listPartitions(knex))) {
      yield * deleteExpired(knex, expired, this.#signal)
    }
    await expireDeadLetters(knex, now, days, users)
  }

  async * #deleteAboveLimit (now: number): AsyncGenerator<number, void, void> {
    const knex = this.#knex
    const { rows } = this.#retention
    if (rows === 0) return
    const surplus = await findSurplus(knex, rows, this.#signal)
    yield * this.#drop(findSurplusPartitions(knex, surplus, now, this.#signal))
    yield * deleteSurplus(knex, await findSurplus(knex, rows, this.#signal), this.#signal)
  }

  async * #drop (partitions: AsyncIterable<WholePartition>): AsyncGenerator<number, void, void> {
    try {
      for await (const whole of partitions) yield await dropWhole(this.#knex, whole)
    } catch (error) {
      this.#reportPartitions(error)
    }
  }

  async #tryPartitions (work: Promise<void>): Promise<void> {
    await work.catch((error) => this.#reportPartitions(error))
  }

  #reportPartitions (error: unknown): void {
    this.#signal.throwIfAborted()
    this.#onPartitionFailure(error)
  }
}
