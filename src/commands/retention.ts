import { codeOf, CommandError } from '../errors.ts'
import { countExpired } from '../retention/expiry.ts'
import { findExpired, findSurplusPartitions } from '../retention/partitions/drop.ts'
import { listPartitions } from '../retention/partitions/partitions.ts'
import { expiredAt, limitForAll } from '../retention/retention.ts'
import { findSurplus } from '../retention/row-limit.ts'
import { deleteExpiredLogs } from '../retention/worker.ts'
import { beginAudit } from '../store/audit.ts'
import { clockDoubt, ClockInDoubt, databaseNow } from '../store/clock-doubt.ts'
import { usersOf } from '../store/users.ts'
import { commandLine, type Context } from './context.ts'
import { withTables, type Knex } from './database.ts'
import { tableLines, type Cell } from './table.ts'

export interface RetentionOptions {
  dryRun?: boolean
  trustClock?: boolean
}

/** Deletes expired logs, or prints how many there are. */
export async function deleteExpired (
  context: Context, { dryRun = false, trustClock = false }: RetentionOptions
): Promise<void> {
  const { settings: { LOGGER_RETENTION_DAYS: days, LOGGER_RETENTION_ROWS: rows }, print, warn } = context
  await withTables(context.settings, async (knex) => {
    if (dryRun) return printExpired(context, knex, trustClock)
    const complain = (error: unknown): void => {
      const code = codeOf(error) ?? 'unexpected'
      warn(`cannot maintain partitions of user_logs (${code}); falling back to row-by-row deletion`)
    }
    const retention = { days, rows, trustClock }
    const auditId = await beginAudit(knex, { by: commandLine, action: 'retention', detail: retention })
    const deleted = await deleteExpiredLogs(knex, retention, complain).catch(explain)
    await knex('audit').where('id', auditId).update({ logs: deleted })
    print(`deleted expired logs: ${deleted}`)
  })
}

async function printExpired (context: Context, knex: Knex, trustClock: boolean): Promise<void> {
  const { settings: { LOGGER_RETENTION_DAYS: days, LOGGER_RETENTION_ROWS: rows }, print } = context
  const { signal } = new AbortController()
  const now = await databaseNow(knex)
  const doubt = trustClock ? undefined : await clockDoubt(knex)
  if (doubt !== undefined) print(`by age none would be deleted, because the clock may be wrong: ${doubt}`)
  const users = await usersOf(knex).list()
  const expired = expiredAt(now, days, users, await listPartitions(knex))
  const counts: Cell[][] = []
  for (const { id, name, retentionDays } of users) {
    let count = 0
    for (const part of expired.filter(({ userId }) => userId === id)) count += await countExpired(knex, part, signal)
    const kept = retentionDays ?? days
    counts.push([name, kept === 0 ? 'for ever' : `${kept} days`, count])
  }
  for (const line of tableLines([['USER', 'KEPT', 'EXPIRED'], ...counts])) print(line)
  await printPartitions(print, findExpired(knex, limitForAll(now, days, users), days, signal))
  if (rows === 0) return
  const surplus = await findSurplus(knex, rows, signal)
  print(`logs above the limit of ${rows}: ${surplus.reduce((sum, { count }) => sum + count, 0)}`)
  for (const { userId, count } of surplus) {
    const name = users.find(({ id }) => id === userId)?.name ?? `user ${userId}`
    print(`logs of ${name}, who has more than an equal share: ${count}`)
  }
  await printPartitions(print, findSurplusPartitions(knex, surplus, now, signal))
}

async function printPartitions (print: Context['print'], found: ReturnType<typeof findExpired>): Promise<void> {
  for await (const { partition, count } of found) {
    print(`partition ${partition.name} would be dropped as a whole (logs: ${count})`)
  }
}

function explain (error: unknown): never {
  if (!(error instanceof ClockInDoubt)) throw error
  throw new CommandError(`${error.message}; if it is right: loggerbot retention --trust-clock`)
}
