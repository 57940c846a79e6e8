import { alertsOfRule } from '../../alerts/rules/history.ts'
import { rulesOf } from '../../alerts/rules/rules.ts'
import { presentAlert, presentRule, presentState } from '../../alerts/rules/present.ts'
import { statesOfRule } from '../../alerts/rules/states.ts'
import { maxValues } from '../../alerts/rules/watching.ts'
import { printableJson } from '../../query/format.ts'
import type { Context } from '../context.ts'
import { tableLines } from '../table.ts'
import { findRule, onRules } from './rules.ts'

/** Alerts that are shown. */
const maxAlerts = 20

/** Lists the rules of a user by name. */
export async function listRules (context: Context, owner: string, { json = false }: { json?: boolean }): Promise<void> {
  const rules = await onRules(context, owner, (knex, { id }) => rulesOf(knex).list(id))
  if (json) {
    for (const rule of rules) context.print(printableJson(JSON.stringify(presentRule(rule, owner))))
    return
  }
  const rows = rules.map(({ name, kind, isEnabled, fault, settings }) => (
    [name, kind, fault === null ? isEnabled ? 'on' : 'off' : 'broken', 'query' in settings ? settings.query : '']
  ))
  for (const line of tableLines([['NAME', 'KIND', 'STATE', 'QUERY'], ...rows])) context.print(line)
}

/** Shows a rule, its states and its last alerts. */
export async function showRule (context: Context, owner: string, name: string): Promise<void> {
  const shown = await onRules(context, owner, async (knex, user) => {
    const rule = await findRule(knex, user, name)
    const states = await statesOfRule(knex, rule.id, maxValues)
    const alerts = await alertsOfRule(knex, rule, maxAlerts)
    return { ...presentRule(rule, owner), states: states.map(presentState), alerts: alerts.map(presentAlert) }
  })
  for (const line of printableJson(JSON.stringify(shown, undefined, 2)).split('\n')) context.print(line)
}
