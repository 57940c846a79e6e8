// Without @fastify/error, because the query language runs in browsers, too.

/** Rules that requests can break. Programs may rely on these names; docs/errors.md explains each. */
export const rules = [
  'query.expected', 'query.too-long', 'query.too-deep', 'query.too-many-conditions', 'query.level', 'query.number',
  'query.no-order', 'query.regex', 'query.regex-field', 'query.regex-too-large',
  'cursor.invalid', 'cursor.other', 'time.invalid', 'time.future', 'interval.invalid', 'interval.too-long',
  'interval.too-short', 'zone.invalid', 'field.message', 'field.no-number', 'same.missing', 'user.unknown',
  'confirm.other', 'confirm.expired', 'database.unavailable',
  'parameter.unknown', 'parameter.missing', 'parameter.conflict', 'parameter.type', 'parameter.minimum',
  'parameter.maximum', 'parameter.too-short', 'parameter.too-long', 'parameter.pattern', 'parameter.choice',
  'parameter.items'
] as const

export type Rule = typeof rules[number]

/** The broken rule as data, for programs that show it at its place and in their user's language. */
export interface Fault {
  rule: Rule
  /** Name of the parameter, or of the field of the body. */
  field?: string
  /** Place in the query, in UTF-16 units from 0. */
  at?: number
  /** Names of what could stand there, or the values that are allowed. */
  expected?: readonly string[]
  /** The number that the rule sets. */
  limit?: number
}

/** The request breaks a rule. The detail names the field and the rule, and quotes nothing of the request. */
export class BadRequest extends Error {
  readonly code = 'LOGGER_BAD_REQUEST'
  readonly statusCode = 400
  readonly fault: Fault | undefined

  constructor (detail: string, fault?: Fault) {
    super(detail)
    this.fault = fault
  }
}
