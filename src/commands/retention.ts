import { codeOf, CommandError } from '../errors.ts'
import { countExpired } from '../retention/expiry.ts'
import { clockDoubt, ClockInDoubt, databaseNow } from '../store/clock-doubt.ts'
import { findExpired, findSurplusPartitions } from '../retention/partitions/drop.ts'
import { listPartitions } from '../retention/partitions/partitions.ts'
import { expiredAt, letGo, limitForAll } from '../retention/retention.ts'
import { findSurplus } from '../retention/row-limit.ts'
import { usersOf } from '../store/users.ts'
import type { Command } from './command.ts'
import { withTables } from './database.ts'

/** Lets logs go that were kept long enough, or says how many these are. */
export const retention: Command = {
  summary: 'let logs go that were kept long enough, as the server does hourly',
  details: 'How long is said by LOGGER_RETENTION_DAYS and, of one user, by loggerbot user retention.',
  options: {
    'dry-run': { type: 'boolean', description: 'say how many would go, and let none go' },
    'trust-clock': { type: 'boolean', description: 'delete by age although the clock seems wrong: you looked, and it is right' }
  },

  async run (settings, { options, streams, print }) {
    const { LOGGER_RETENTION_DAYS: days, LOGGER_RETENTION_ROWS: rows } = settings
    const { signal } = new AbortController()
    const complain = (error: unknown): void => {
      streams.stderr.write(`loggerbot: the partitions of user_logs can't be kept up (${codeOf(error) ?? 'unexpected'}); logs go one by one instead\n`)
    }
    await withTables(settings, async (knex) => {
      const trustClock = options['trust-clock'] === true
      if (options['dry-run'] !== true) return print(`${await letGo(knex, { days, rows, trustClock }, signal, complain).catch(explain)} logs were let go`)
      const now = await databaseNow(knex)
      const doubt = trustClock ? undefined : await clockDoubt(knex)
      if (doubt !== undefined) print(`by age none would go, as the clock may be wrong: ${doubt}`)
      const users = await usersOf(knex).list()
      const all = expiredAt(now, days, users, await listPartitions(knex))
      const width = users.reduce((width, { name }) => Math.max(width, name.length), 4)
      print(`${'USER'.padEnd(width)}  KEPT       WOULD GO`)
      for (const { id, name, retentionDays } of users) {
        let count = 0
        for (const expired of all.filter(({ userId }) => userId === id)) count += await countExpired(knex, expired, signal)
        const kept = retentionDays ?? days
        print(`${name.padEnd(width)}  ${(kept === 0 ? 'for ever' : `${kept} days`).padEnd(9)}  ${String(count).padStart(8)}`)
      }
      for await (const { partition, count } of findExpired(knex, limitForAll(now, days, users), days, signal)) print(`partition ${partition.name} would go as a whole, with ${count} logs`)
      if (rows === 0) return
      const surplus = await findSurplus(knex, rows, signal)
      print(`over ${rows} logs in all: ${surplus.reduce((sum, { count }) => sum + count, 0)}`)
      for (const { userId, count } of surplus) print(`of ${users.find(({ id }) => id === userId)?.name ?? `user ${userId}`}, who is over an equal share: ${count}`)
      for await (const { partition, count } of findSurplusPartitions(knex, surplus, now, signal)) print(`partition ${partition.name} would go as a whole, with ${count} logs`)
    })
  }
}

function explain (error: unknown): never {
  throw error instanceof ClockInDoubt ? new CommandError(`${error.message}; if it is right: loggerbot retention --trust-clock`) : error
}
