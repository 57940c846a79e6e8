import { Type, type Static } from '@sinclair/typebox'
import { alertNumber } from '../../src/alerts/alert.ts'
import { failureCauses } from '../../src/alerts/channels/failures.ts'
import { lineModes, type StoredChannel } from '../../src/alerts/channels/stored.ts'
import { templateNames } from '../../src/alerts/channels/webhook/templates.ts'
import type { StoredAlert } from '../../src/alerts/outbox/stored-alert.ts'
import type { Delivery } from '../../src/alerts/outbox/history.ts'
import { isoTime } from '../../src/query/api-log.ts'

const namePattern = '^(?!\\s|\\.{1,2}$)[^\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]{1,100}(?<!\\s)$'
const nameRule = 'a text of 1 to 100 characters, without control and format characters, that neither begins nor ends ' +
  'with a space and is not . or ..'

const Cause = Type.Union([...failureCauses.map((cause) => Type.Literal(cause)), Type.Null()], {
  description: 'why it failed: a stable name, as docs/alerts.md lists them'
})
const Time = Type.Union([Type.String(), Type.Null()], { examples: ['2026-11-24T09:30:00.000000Z'] })
const TextOrNull = Type.Union([Type.String(), Type.Null()])
const State = Type.Union([Type.Literal('ok'), Type.Literal('paused'), Type.Literal('broken')], {
  description: 'ok; paused: it refused messages, and is tried again later; broken: you must change it, or test it'
})
const Kind = Type.Union([Type.Literal('telegram'), Type.Literal('webhook')])
const User = Type.Optional(Type.String({ description: 'for administrators: the name of the owner' }))
const Template = Type.Union(templateNames.map((name) => Type.Literal(name)), {
  description: `${templateNames.join(', ')}: the service that gets the messages`
})
const Url = Type.String({
  maxLength: 2000,
  description: 'an address that begins with http:// or https://, of 2000 characters at most',
  examples: ['https://hooks.example.com/T1/B2']
})
const Token = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'the token of ntfy or Gotify, or the key of PagerDuty; a text of 1 to 255 characters'
})
const Lines = Type.Union(lineModes.map((mode) => Type.Literal(mode)), {
  description: 'lines of logs in messages: none, masked (without what varies) or whole'
})

export const Named = Type.Object({ name: Type.String({ pattern: namePattern, description: nameRule }) })
export const UserQuery = Type.Object({ user: User }, { additionalProperties: false })

const Channel = Type.Object({
  name: Type.String(),
  user: Type.String(),
  kind: Kind,
  to: Type.String({
    description: 'the host of a webhook, which is all that is shown of its address, or the name of the chat'
  }),
  template: Type.Optional(Template),
  lines: Lines,
  state: State,
  pausedUntil: Time,
  lastError: TextOrNull,
  lastErrorCause: Cause,
  lastErrorAt: Time,
  lastSent: Time,
  created: Time
})
export const ChannelList = Type.Object({
  channels: Type.Array(Channel, { description: 'by user and name' }),
  complete: Type.Boolean({ description: 'false: there are more, which a list of each user has' })
})
export const NewChannel = Type.Object({
  name: Type.String({ pattern: namePattern, description: nameRule, examples: ['ops'] }),
  url: Url,
  template: Type.Optional(Template),
  token: Type.Optional(Token),
  lines: Type.Optional(Lines)
}, { additionalProperties: false, description: 'an object; template is json by default, lines masked' })
export const Secret = Type.Object({
  secret: TextOrNull
}, { description: '`whsec_…` signs the messages: it is shown this once. null: it was not changed' })
export const ChannelChanges = Type.Object({
  name: Type.Optional(Type.String({ pattern: namePattern, description: nameRule })),
  pausedUntil: Type.Optional(Type.Union([Type.String(), Type.Null()], {
    description: 'an ISO 8601 time until which alerts wait, or null to go on now',
    examples: ['2026-12-01T07:00:00Z']
  })),
  url: Type.Optional(Url),
  template: Type.Optional(Template),
  token: Type.Optional(Type.Union([Token, Type.Null()], {
    description: 'a text of 1 to 255 characters, or null for none'
  })),
  lines: Type.Optional(Lines),
  rotate: Type.Optional(Type.Boolean({
    description: 'true: messages are signed with a new secret, and with the one of before until the next rotation'
  }))
}, { additionalProperties: false, minProperties: 1, description: 'an object with at least one field' })

const deliveryStates = [
  Type.Literal('waiting'), Type.Literal('sending'), Type.Literal('sent'), Type.Literal('given_up')
]
const Delivered = Type.Object({
  channel: Type.Union([Type.String(), Type.Null()], { description: 'null: it was deleted' }),
  state: Type.Union(deliveryStates, {
    description: 'waiting, sending, sent, or given_up: it could not be delivered within 24 hours, or never can'
  }),
  tries: Type.Integer(),
  mayRepeat: Type.Boolean({ description: 'a try may have arrived without an answer: it was sent again, and says so' }),
  tried: Time,
  cause: Cause,
  reason: Type.Union([Type.String(), Type.Null()], { description: 'why the last try failed, as a sentence' })
})
export const TestResult = Delivered
const Alert = Type.Object({
  number: Type.String({ examples: ['#1F3'] }),
  user: Type.String(),
  rule: TextOrNull,
  kind: Type.String({ description: 'new, regressed, unmuted, repeated, match, count, silent, back, server or test' }),
  subject: Type.String({ description: 'the group, or the value of the field by which the rule tells apart' }),
  at: Time,
  title: Type.String(),
  note: TextOrNull,
  process: TextOrNull,
  level: TextOrNull,
  logs: Type.Integer({ description: 'number of logs that it was about' }),
  deliveries: Type.Array(Delivered, { description: 'one for each channel' })
})
export const AlertQuery = Type.Object({
  state: Type.Optional(Type.Union(deliveryStates, {
    description: 'alerts that are so on a channel: waiting, sending, sent or given_up'
  })),
  user: User,
  limit: Type.Integer({ default: 50, minimum: 1, maximum: 200, description: 'a whole number, 1 to 200' }),
  cursor: Type.Optional(Type.String({ description: 'the cursor of the page before' }))
}, { additionalProperties: false })
export const AlertPage = Type.Object({
  alerts: Type.Array(Alert, { description: 'the newest first' }),
  cursor: Type.Optional(Type.String({ description: 'gives the next page; missing on the last one' }))
})
const ChannelHealth = Type.Object({
  name: Type.String(),
  user: Type.String(),
  kind: Kind,
  state: State,
  waiting: Type.Integer(),
  oldestSeconds: Type.Number({ description: 'age of the oldest alert that waits; 0: none waits' }),
  uncertain: Type.Integer({ description: 'of those that wait: they may have arrived' }),
  givenUp: Type.Integer({ description: 'in the last 90 days' })
})
export const Health = Type.Object({
  behindSeconds: Type.Number({ description: 'delay of the rules, where this instance runs them; else 0' }),
  waiting: Type.Integer(),
  oldestSeconds: Type.Number(),
  uncertain: Type.Integer(),
  givenUp: Type.Integer(),
  channels: Type.Array(ChannelHealth)
}, { description: 'sums of the channels, and each of them, 500 at most' })

/** A channel as answers give it: of an address the host alone, because the rest may be a secret. */
export function presentChannel (channel: StoredChannel, user: string): Static<typeof Channel> {
  const { name, kind, lines, state, lastError, lastErrorCause } = channel
  const target = JSON.parse(channel.target)
  return {
    name,
    user,
    kind,
    to: kind === 'webhook' ? new URL(target.url).host : String(target.title ?? target.chat),
    ...kind === 'webhook' && { template: target.template },
    lines,
    state,
    pausedUntil: timeOf(channel.pausedUntil),
    lastError,
    lastErrorCause,
    lastErrorAt: timeOf(channel.lastErrorAt),
    lastSent: timeOf(channel.lastSentAt),
    created: timeOf(channel.createdAt)
  }
}

export function presentDelivery ({ triedAt, ...delivery }: Delivery): Static<typeof Delivered> {
  return { ...delivery, tried: timeOf(triedAt) }
}

export function presentAlert (alert: StoredAlert & { deliveries: Delivery[] }): Static<typeof Alert> {
  const { id, user, rule, kind, subject, raisedAt, detail, deliveries } = alert
  const { title, note = null, process = null, level = null, logs } = detail
  return {
    number: alertNumber(id),
    user,
    rule,
    kind,
    subject,
    at: isoTime(raisedAt),
    title,
    note,
    process,
    level,
    logs,
    deliveries: deliveries.map(presentDelivery)
  }
}

function timeOf (time: string | null): string | null {
  return time === null ? null : isoTime(time)
}
