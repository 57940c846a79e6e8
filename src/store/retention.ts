// Which logs a user's retention lets go, by two clocks, since a sender's may be wrong:
//
//   it happened before the limit, and arrived before it        gone: an ordinary log
//   it happened before the limit, and arrived since            kept until its arrival is that long ago
//   it "happens" in the future, and arrived before the limit   gone: that time would never come
//
// When a log arrived is told by its id, whose upper 48 bits are our clock in milliseconds.
import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { utcTime } from '../record.ts'
import { deleteExpired, type Expired } from './expiry.ts'
import { releaseLease, takeLease } from './leases.ts'
import { countAll, deleteOldest } from './row-limit.ts'
import { usersOf, type User } from './users.ts'

/** How long logs are kept. */
export interface Retention {
  /** Days, unless a user has a number of their own; 0 is for ever. */
  days: number
  /** Logs of all users at most; 0 is any number. */
  rows: number
}

const day = 86_400_000

/** What of these users' logs is to go now, by age. */
export function expiredAt (now: number, days: number, users: readonly User[]): Expired[] {
  return users.flatMap(({ id, retentionDays }) => {
    const kept = retentionDays ?? days
    if (kept === 0) return []
    const limit = now - kept * day
    const idBelow = BigInt(limit) << 16n
    return [{ userId: id, until: utcTime(limit), idBelow }, { userId: id, after: utcTime(now), idBelow }]
  })
}

/** In seconds: whoever has the lease renews it as long as there is work. */
const leaseTime = 60

/** Lets go of what there is to let go, in small steps; resolves to how many logs went. None go while another instance is at it. */
export async function letGo (knex: Knex, { days, rows }: Retention, signal: AbortSignal): Promise<number> {
  const holder = randomUUID()
  let renewedAt = -Infinity
  async function renewLease (): Promise<boolean> {
    if (performance.now() - renewedAt < leaseTime * 1000 / 4) return true
    renewedAt = performance.now()
    return takeLease(knex, 'retention', holder, leaseTime)
  }

  let gone = 0
  if (!await renewLease()) return gone
  try {
    for await (const count of steps()) {
      gone += count
      signal.throwIfAborted()
      if (!await renewLease()) break
    }
  } finally {
    await releaseLease(knex, 'retention', holder)
  }
  return gone

  async function * steps (): AsyncGenerator<number> {
    for (const expired of expiredAt(Date.now(), days, await usersOf(knex).list())) yield * deleteExpired(knex, expired, signal)
    if (rows > 0) yield * deleteOldest(knex, await countAll(knex, signal) - rows, signal)
  }
}
