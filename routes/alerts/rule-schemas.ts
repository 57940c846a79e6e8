import { Type } from '@sinclair/typebox'
import { maxRules } from '../../src/alerts/rules/rule.ts'
import { Kind, RuleName, SharedFields } from '../../src/alerts/rules/schema.ts'
import { maxValues } from '../../src/alerts/rules/watching.ts'

const Time = Type.String({ examples: ['2026-11-27T09:30:00.000000Z'] })
const orNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

/** A rule as the API gives it. */
export const Presented = Type.Composite([Type.Object({
  name: RuleName,
  user: Type.String({ description: 'the owner' }),
  kind: Kind
}), SharedFields, Type.Object({
  fault: orNull('why it cannot be run; null: it can'),
  created: Time,
  updated: Time
})])
export const List = Type.Object({ rules: Type.Array(Presented, { description: `by name, ${maxRules} at most` }) })

const State = Type.Object({
  subject: Type.String({ description: 'a value, the id of a group, or the empty text' }),
  state: Type.String({
    description: 'of kind silence waiting, late or silent; of kinds match and count ok or told; of kind group that ' +
      'of the group; of kind server seen, told or ending'
  }),
  since: Time,
  due: orNull('when it changes without any log; null: never'),
  last: orNull('of kind silence: the time of the last log')
})
const Alert = Type.Object({
  id: Type.String(),
  subject: Type.String(),
  kind: Type.String({ description: 'new, regressed, unmuted, repeated, match, count, silent, back or server' }),
  at: Time,
  title: Type.String(),
  note: orNull('a further sentence'),
  logs: Type.Integer(),
  sent: Type.Array(Type.Object({
    channel: Type.String(),
    state: Type.String({ description: 'waiting, sending, sent or given_up' }),
    cause: orNull('why it was not sent: a stable name, as docs/alerts.md lists them'),
    reason: orNull('the same as a sentence, with details')
  }), { description: 'what became of it by channel; empty where there was none' })
})
export const PresentedDetail = Type.Composite([Presented, Type.Object({
  states: Type.Array(State, { description: `by subject, ${maxValues} at most` }),
  alerts: Type.Array(Alert, { description: 'the last alerts, the latest first' })
})])
