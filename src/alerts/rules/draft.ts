// Alerts of rules, before they have a number.
import type { Knex } from 'knex'
import type { UtcTime } from '../../model/instant.ts'
import type { AlertDetail, AlertKind, NewAlert } from '../alert.ts'
import { lateNote, type Held } from './held.ts'
import type { Rule } from './rule.ts'
import { quietUntil } from './schedule.ts'
import { keyOf } from './states.ts'

/** Characters of a title and of a note. */
const maxTextCharacters = 500
/** Rows of one statement. */
const rowsPerStatement = 200

export interface Draft {
  rule: Rule
  subject: string
  kind: AlertKind
  detail: AlertDetail
}

/** The title of an alert about a value. */
export function titleOf ({ name }: Rule, subject: string): string {
  return cut(subject === '' ? name : `${name}: ${subject}`)
}

export function cut (text: string): string {
  return text.slice(0, maxTextCharacters).toWellFormed()
}

/** The facts of logs that a rule tells. */
export function detailOf (title: string, held: Held): AlertDetail {
  const { logs, firstAt, lastAt, worst, process, samples } = held
  return { title, note: lateNote(held), process, level: worst, logs, firstAt, lastAt, samples }
}

/** Numbers drafts, and holds back what comes in quiet hours, except for alerts about critical logs. */
export async function toAlerts (transaction: Knex, drafts: readonly Draft[], now: UtcTime): Promise<NewAlert[]> {
  const numbers = await lastNumbers(transaction, drafts)
  return drafts.map(({ rule, subject, kind, detail }) => {
    const key = keyOf({ ruleId: rule.id, subject })
    const number = (numbers.get(key) ?? 0) + 1
    numbers.set(key, number)
    const { quietHours } = rule.telling
    const isHeld = quietHours !== null && detail.level !== 'critical'
    const notBefore = isHeld ? quietUntil(quietHours, now) : undefined
    return { userId: rule.userId, ruleId: rule.id, subject, number, kind, at: now, notBefore, detail }
  })
}

/** The last number of the alerts of each subject. */
async function lastNumbers (transaction: Knex, drafts: readonly Draft[]): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (let at = 0; at < drafts.length; at += rowsPerStatement) {
    const keys = drafts.slice(at, at + rowsPerStatement).map(({ rule, subject }) => [rule.id, subject])
    const rows: Array<{ rule_id: number, subject: string, last: number }> = await transaction('alerts')
      .whereIn(['rule_id', 'subject'], keys).groupBy('rule_id', 'subject').select('rule_id', 'subject')
      .max({ last: 'number' })
    for (const { rule_id: ruleId, subject, last } of rows) found.set(keyOf({ ruleId, subject }), last)
  }
  return found
}
