// Which logs a user's retention lets go, by two clocks, since a sender's may be wrong:
//
//   it happened before the limit, and arrived before it        gone: an ordinary log
//   it happened before the limit, and arrived since            kept until its arrival is that long ago
//   it "happens" in the future, and arrived before the limit   gone: that time would never come
//
// When a log arrived is told by its id, whose upper 48 bits are our clock in milliseconds.
import type { Knex } from 'knex'
import { utcTime } from '../model/instant.ts'
import { clockDoubt, ClockInDoubt, databaseNow } from '../store/clock-doubt.ts'
import type { Partition } from '../store/dialects/dialect.ts'
import { expireDeadLetters } from '../store/dead-letters.ts'
import { deleteExpired, type Expired } from './expiry.ts'
import { Lease } from '../cluster/leases.ts'
import { dropLeftovers, dropWhole, findExpired, findSurplusPartitions, keptAt, type WholePartition } from './partitions/drop.ts'
import { limitAlongKey, listPartitions, makePartitions, mergePartitions } from './partitions/partitions.ts'
import { deleteSurplus, findSurplus } from './row-limit.ts'
import { usersOf, type User } from '../store/users.ts'

/** How long logs are kept. */
export interface Retention {
  /** Days, unless a user has a number of their own; 0 is for ever. */
  days: number
  /** Logs of all users at most; 0 is any number. */
  rows: number
  /** The clock is right, whatever speaks against it. Default false: then nothing is deleted by age while something does. */
  trustClock?: boolean
}

const day = 86_400_000

/** What of these users' logs is to go now, by age, from a table with these partitions. */
export function expiredAt (now: number, days: number, users: readonly User[], partitions: readonly Partition[]): Expired[] {
  const longest = longestTime(days, users)
  return users.flatMap(({ id, retentionDays }) => {
    const kept = retentionDays ?? days
    if (kept === 0) return []
    const limit = now - kept * day
    const idBelow = BigInt(limit) << 16n
    const until = utcTime(kept === longest ? limitAlongKey(partitions, limit) : limit)
    return [{ userId: id, until, idBelow }, { userId: id, after: utcTime(now), idBelow }]
  })
}

/** Before it nobody's logs are kept, but for those that are kept for ever. In milliseconds since 1970, which is before it all. */
export function limitForAll (now: number, days: number, users: readonly User[]): number {
  return Math.max(0, now - longestTime(days, users) * day)
}

/** In days; Infinity where all are kept for ever. */
function longestTime (days: number, users: readonly User[]): number {
  const times = users.map(({ retentionDays }) => retentionDays ?? days).filter((kept) => kept !== 0)
  return times.length === 0 ? Infinity : Math.max(...times)
}

/**
 * Lets go of what there is to let go, whole partitions first, the rest in small steps; resolves to how many logs went. None go while
 * another instance is at it. Where the partitions can't be kept up, `complain` is told why, and all goes in small steps.
 * Throws ClockInDoubt in the end where logs would have gone by age, but the clock may be wrong.
 */
export async function letGo (knex: Knex, { days, rows, trustClock = false }: Retention, signal: AbortSignal, complain: (error: unknown) => void = () => {}): Promise<number> {
  const lease = new Lease(knex, 'retention')
  let gone = 0
  if (!await lease.hold()) return gone
  try {
    for await (const count of steps()) {
      gone += count
      signal.throwIfAborted()
      if (!await lease.hold()) break
    }
  } finally {
    await lease.release()
  }
  return gone

  async function * steps (): AsyncGenerator<number> {
    const now = await databaseNow(knex)
    const users = await usersOf(knex).list()
    const limit = limitForAll(now, days, users)
    const doubt = trustClock || limit === 0 ? undefined : await clockDoubt(knex)
    if (doubt === undefined) {
      const kept = keptAt(limit, days)
      await makePartitions(knex, now, signal).catch(passOn)
      await dropLeftovers(knex, kept).catch(passOn)
      yield * dropped(findExpired(knex, limit, days, signal))
      for (const expired of expiredAt(now, days, users, await listPartitions(knex))) yield * deleteExpired(knex, expired, signal)
      await expireDeadLetters(knex, now, days, users)
    }
    if (rows > 0) {
      yield * dropped(findSurplusPartitions(knex, await findSurplus(knex, rows, signal), now, signal))
      yield * deleteSurplus(knex, await findSurplus(knex, rows, signal), signal)
    }
    if (doubt !== undefined) throw new ClockInDoubt(`nothing was deleted by age, as the clock may be wrong: ${doubt}`)
    await mergePartitions(knex, now, signal).catch(passOn)
  }

  async function * dropped (partitions: AsyncIterable<WholePartition>): AsyncGenerator<number> {
    try {
      for await (const whole of partitions) yield await dropWhole(knex, whole, whole.kept)
    } catch (error) {
      passOn(error)
    }
  }

  function passOn (error: unknown): void {
    signal.throwIfAborted()
    complain(error)
  }
}
