import { codeOf } from '../errors.ts'
import { countExpired } from '../store/expiry.ts'
import { findExpired, findSurplus } from '../store/partition-drop.ts'
import { listPartitions } from '../store/partitions.ts'
import { expiredAt, letGo, limitForAll } from '../store/retention.ts'
import { countAll } from '../store/row-limit.ts'
import { usersOf } from '../store/users.ts'
import type { Command } from './command.ts'
import { withTables } from './database.ts'

/** Lets logs go that were kept long enough, or says how many these are. */
export const retention: Command = {
  summary: 'let logs go that were kept long enough, as the server does hourly',
  details: 'How long is said by LOGGER_RETENTION_DAYS and, of one user, by loggerbot user retention.',
  options: { 'dry-run': { type: 'boolean', description: 'say how many would go, and let none go' } },

  async run (settings, { options, streams, print }) {
    const { LOGGER_RETENTION_DAYS: days, LOGGER_RETENTION_ROWS: rows } = settings
    const { signal } = new AbortController()
    const complain = (error: unknown): void => {
      streams.stderr.write(`loggerbot: the partitions of user_logs can't be kept up (${codeOf(error) ?? 'unexpected'}); logs go one by one instead\n`)
    }
    await withTables(settings, async (knex) => {
      if (options['dry-run'] !== true) return print(`${await letGo(knex, { days, rows }, signal, complain)} logs were let go`)
      const now = Date.now()
      const users = await usersOf(knex).list()
      const all = expiredAt(now, days, users, await listPartitions(knex))
      const width = Math.max(4, ...users.map(({ name }) => name.length))
      print(`${'USER'.padEnd(width)}  KEPT       WOULD GO`)
      for (const { id, name, retentionDays } of users) {
        let count = 0
        for (const expired of all.filter(({ userId }) => userId === id)) count += await countExpired(knex, expired, signal)
        const kept = retentionDays ?? days
        print(`${name.padEnd(width)}  ${(kept === 0 ? 'for ever' : `${kept} days`).padEnd(9)}  ${String(count).padStart(8)}`)
      }
      for await (const { partition, count } of findExpired(knex, limitForAll(now, days, users), days, signal)) print(`partition ${partition.name} would go as a whole, with ${count} logs`)
      if (rows === 0) return
      const excess = Math.max(0, await countAll(knex, signal) - rows)
      print(`over ${rows} logs in all: ${excess}`)
      for await (const { partition, count } of findSurplus(knex, excess, signal)) print(`partition ${partition.name} would go as a whole, with ${count} logs`)
    })
  }
}
