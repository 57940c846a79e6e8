// The body of a rule, as the API takes and gives it.
import { Type } from '@sinclair/typebox'
import { titlePattern, titleRule } from '../../model/name.ts'
import { maxRules, ruleKinds, standardTelling } from './rule.ts'

const day = 86_400
const time = (description: string) => Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description })
const zone = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'the name of a time zone, such as Europe/Berlin, of 64 characters at most',
  examples: ['Europe/Berlin']
})
const seconds = (minimum: number, maximum: number, rule: string) => Type.Integer({
  minimum, maximum, description: `a whole number of seconds, ${minimum} to ${maximum}${rule}`
})

/** All settings of all kinds. Which of them a rule takes depends on its kind. */
export const Settings = Type.Object({
  query: Type.Optional(Type.String({
    description: 'a query (docs/querying.md); kinds match, count and silence need one, for kind group it is optional',
    examples: ['level:>=error payment']
  })),
  moreThan: Type.Optional(Type.Integer({
    minimum: 0, maximum: 1_000_000_000, description: 'a whole number, 0 to 1000000000; kind count needs it'
  })),
  withinSeconds: Type.Optional(seconds(10, day, '; kind count needs it, and counts in parts of ten seconds, or of ' +
    'a 360th of the time where that is longer')),
  by: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Type.Null()], {
    description: 'a field other than message, of 200 characters at most, or null (the default); kinds count and ' +
      'silence look at each of its values for itself',
    examples: ['process']
  })),
  everySeconds: Type.Optional(seconds(60, 31 * day, '; kind silence needs it, or cron')),
  cron: Type.Optional(Type.String({
    minLength: 9,
    maxLength: 100,
    description: 'a cron expression of five fields, 9 to 100 characters, which tells when logs must come',
    examples: ['30 2 * * *']
  })),
  zone: Type.Optional(zone),
  graceSeconds: Type.Optional(seconds(60, day, '; of kind silence; default 300'))
}, { additionalProperties: false, description: 'an object' })

const shared = {
  settings: Settings,
  channels: Type.Union([Type.Array(Type.String({ pattern: titlePattern, description: titleRule }), {
    maxItems: 50, uniqueItems: true
  }), Type.Null()], { description: 'names of up to 50 of your channels, or null (the default): all of them' }),
  coolDownSeconds: seconds(10, day, ` (default ${standardTelling.coolDownSeconds}): what follows an alert is held ` +
    'for this long, and told together'),
  repeatSeconds: Type.Union([seconds(600, 30 * day, ''), Type.Literal(0)], {
    description: `a whole number of seconds, 600 to ${30 * day} (default ${standardTelling.repeatSeconds}), after ` +
      'which an open error that goes on is told again, or 0: never'
  }),
  quietHours: Type.Union([Type.Object({
    from: time('a time of the day, 00:00 to 23:59'),
    to: time('a time of the day, 00:00 to 23:59'),
    zone
  }, { additionalProperties: false }), Type.Null()], {
    description: 'an object with from, to and zone, or null (the default): alerts wait until their end, except for ' +
      'those about critical logs',
    examples: [{ from: '22:00', to: '07:00', zone: 'Europe/Berlin' }]
  }),
  enabled: Type.Boolean({ description: 'true (the default) or false' })
}

/** A segment of a path that clients do not resolve, without spaces at its ends. */
const namePattern = '^(?!\\s|\\.{1,2}$)[^\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]{1,100}(?<!\\s)$'
export const RuleName = Type.String({
  pattern: namePattern,
  description: 'a text of 1 to 100 characters, without control and format characters, that neither begins nor ends ' +
    'with a space and is not . or ..',
  examples: ['failed payments']
})

export const Kind = Type.Union(ruleKinds.map((kind) => Type.Literal(kind)), { description: ruleKinds.join(', ') })

export const NewBody = Type.Object({
  name: RuleName,
  kind: Kind,
  ...Type.Partial(Type.Object(shared)).properties
}, { additionalProperties: false, description: `an object; a user has up to ${maxRules} rules` })

export const ChangesBody = Type.Partial(Type.Object({ name: RuleName, ...shared }), {
  additionalProperties: false, minProperties: 1, description: 'an object with at least one field'
})

export const SharedFields = Type.Object(shared)
