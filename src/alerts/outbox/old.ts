import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import { transact } from '../../store/retry.ts'
import { noRule } from './raise.ts'

/** How long alerts are kept, in milliseconds. */
const keptMs = 90 * 24 * 3_600_000
/** Alerts that are looked at, and deleted, at once. */
const alertsPerStep = 1000

/**
 * Deletes the old alerts among those that follow an id, and those of deleted users and rules.
 * Resolves to the last id that it looked at; `'0'` begins again.
 */
export async function forgetOld (knex: Knex, after: string, now: UtcTime): Promise<string> {
  const rows = await knex('alerts')
    .leftJoin('alert_rules', 'alert_rules.id', 'alerts.rule_id')
    .leftJoin('users', 'users.id', 'alerts.user_id')
    .select('alerts.id', 'alerts.rule_id', 'raised_at', { rule: 'alert_rules.id', user: 'users.id' })
    .where('alerts.id', '>', after).orderBy('alerts.id').limit(alertsPerStep)
  const oldest = shift(now, -keptMs)
  const ids = rows
    .filter((row) => row.raised_at < oldest || row.user === null || (row.rule === null && row.rule_id !== noRule))
    .map(({ id }) => id)
  if (ids.length > 0) {
    await transact(knex, async (transaction) => {
      await transaction('alert_outbox').whereIn('alert_id', ids).delete()
      await transaction('alerts').whereIn('id', ids).delete()
    })
  }
  return rows.length < alertsPerStep ? '0' : String(rows.at(-1)?.id)
}
