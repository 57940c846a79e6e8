// What a rule has told.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import type { AlertDetail, AlertKind } from '../alert.ts'
import type { FailureCause } from '../channels/failures.ts'

/** An alert, and what became of it. */
export interface ToldAlert {
  id: string
  subject: string
  kind: AlertKind
  raisedAt: UtcTime
  detail: AlertDetail
  /** By channel; empty where the user had none. */
  sent: Array<{ channel: string, state: string, cause: FailureCause | null, reason: string | null }>
}

interface AlertRow {
  id: number | string
  subject: string
  kind: AlertKind
  raised_at: UtcTime
  detail: string
}

/** The last alerts of a rule, the latest first. */
export async function alertsOfRule (
  knex: Knex, { id: ruleId, userId }: { id: number, userId: number }, limit: number
): Promise<ToldAlert[]> {
  const rows: AlertRow[] = await knex('alerts')
    .where({ user_id: userId, rule_id: ruleId }).orderBy('id', 'desc').limit(limit)
  const sent: Array<{ alert_id: number | string, name: string } & Omit<ToldAlert['sent'][0], 'channel'>> =
    await knex('alert_outbox').join('alert_channels', 'alert_channels.id', 'alert_outbox.channel_id')
      .whereIn('alert_id', rows.map(({ id }) => id)).orderBy('name')
      .select('alert_id', 'name', 'alert_outbox.state', 'cause', 'reason')
  return rows.map((row) => ({
    id: String(row.id),
    subject: row.subject,
    kind: row.kind,
    raisedAt: row.raised_at,
    detail: JSON.parse(row.detail),
    sent: sent.filter(({ alert_id: id }) => String(id) === String(row.id))
      .map(({ name: channel, state, cause, reason }) => ({ channel, state, cause, reason }))
  }))
}
