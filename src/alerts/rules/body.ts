// From bodies of requests to rules.
import type { Static } from '@sinclair/typebox'
import { BadRequest } from '../../errors.ts'
import { ruleKinds, standardTelling, type NewRule, type Rule, type RuleKind, type Telling } from './rule.ts'
import type { ChangesBody, NewBody } from './schema.ts'
import { contentOf, quietHoursOf } from './settings.ts'

type Changes = Static<typeof ChangesBody>

/** A rule with the defaults for what is missing. Throws BadRequest, which names the field. */
export function newRuleOf (body: Static<typeof NewBody>): NewRule {
  const { name, kind, settings = {}, channels = null, enabled: isEnabled = true } = body
  return { ...contentOf(kindOf(kind), settings), name, telling: tellingOf(standardTelling, body), channels, isEnabled }
}

/** A rule with changes. Throws BadRequest, which names the field. */
export function changedRule (before: Rule, changes: Changes): NewRule {
  const { name = before.name, channels = before.channels, enabled: isEnabled = before.isEnabled } = changes
  const content = contentOf(before.kind, changes.settings ?? before.settings)
  return { ...content, name, telling: tellingOf(before.telling, changes), channels, isEnabled }
}

function tellingOf (before: Telling, changes: Omit<Changes, 'name'>): Telling {
  const { coolDownSeconds, repeatSeconds, quietHours } = changes
  return {
    coolDownSeconds: coolDownSeconds ?? before.coolDownSeconds,
    repeatSeconds: repeatSeconds ?? before.repeatSeconds,
    quietHours: quietHours === undefined ? before.quietHours : quietHoursOf(quietHours)
  }
}

function kindOf (text: string): RuleKind {
  const kind = ruleKinds.find((one) => one === text)
  if (kind) return kind
  const fault = { rule: 'parameter.choice', field: 'kind', expected: ruleKinds } as const
  throw new BadRequest(`kind must be ${ruleKinds.join(', ')}`, fault)
}
