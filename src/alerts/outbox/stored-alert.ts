import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import type { AlertDetail, AlertKind } from '../alert.ts'
import { noRule } from './raise.ts'

/** An alert, as it is stored, with the names of its user and rule. */
export interface StoredAlert {
  id: string
  userId: number
  user: string
  ruleId: number
  /** Null: the rule was deleted. */
  rule: string | null
  subject: string
  kind: AlertKind
  raisedAt: UtcTime
  detail: AlertDetail
}

/** Reads alerts, the oldest first. */
export async function readAlerts (knex: Knex, ids: readonly string[]): Promise<StoredAlert[]> {
  const rows = await knex('alerts')
    .join('users', 'users.id', 'alerts.user_id')
    .leftJoin('alert_rules', 'alert_rules.id', 'alerts.rule_id')
    .select('alerts.*', { user_name: 'users.username', rule_name: 'alert_rules.name' })
    .whereIn('alerts.id', [...ids]).orderBy('alerts.id')
  return rows.map((row) => ({
    id: String(row.id),
    userId: row.user_id,
    user: row.user_name,
    ruleId: row.rule_id,
    rule: row.rule_id === noRule ? 'test' : row.rule_name,
    subject: row.subject,
    kind: row.kind,
    raisedAt: row.raised_at,
    detail: JSON.parse(row.detail)
  }))
}
