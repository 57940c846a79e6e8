// Rules, their states and their alerts, as answers and commands give them.
import { isoTime } from '../../query/api-log.ts'
import type { ToldAlert } from './history.ts'
import type { Rule } from './rule.ts'
import type { RuleState } from './states.ts'

export function presentRule (rule: Rule, user: string) {
  const { name, kind, settings, channels, telling, isEnabled, fault, createdAt, updatedAt } = rule
  return {
    name,
    user,
    kind,
    settings,
    channels,
    ...telling,
    enabled: isEnabled,
    fault,
    created: isoTime(createdAt),
    updated: isoTime(updatedAt)
  }
}

export function presentState ({ subject, state, sinceAt, dueAt, detail }: RuleState) {
  const { heardAt } = detail
  return {
    subject,
    state,
    since: isoTime(sinceAt),
    due: dueAt === null ? null : isoTime(dueAt),
    last: heardAt === undefined ? null : isoTime(heardAt)
  }
}

export function presentAlert ({ id, subject, kind, raisedAt, detail, sent }: ToldAlert) {
  const { title, note = null, logs } = detail
  return { id, subject, kind, at: isoTime(raisedAt), title, note, logs, sent }
}
