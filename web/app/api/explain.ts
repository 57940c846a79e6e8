import { language, texts } from '../texts/index.ts'
import type { ApiError, Fault } from './error.ts'

/** Why the API refused, in the user's language; in the server's English where the page does not know the rule. */
export function explain ({ status, fault, message }: ApiError): string {
  const { offline, overloaded, unknown, rules, statuses } = texts.value.problems
  if (fault && isKeyOf(rules, fault.rule)) return rules[fault.rule](factsOf(fault))
  if (status === 0) return offline
  if (status === 503) return overloaded
  return isKeyOf(statuses, status) ? statuses[status](message) : unknown(message)
}

function factsOf ({ field = '', limit, expected = [] }: Fault) {
  const { expectations } = texts.value.problems
  const names = expected.map((name) => isKeyOf(expectations, name) ? expectations[name] : name)
  return {
    field,
    limit: limit === undefined ? '' : new Intl.NumberFormat(language.value).format(limit),
    expected: new Intl.ListFormat(language.value, { type: 'disjunction' }).format(names)
  }
}

function isKeyOf<Names extends object> (names: Names, name: PropertyKey): name is keyof Names {
  return Object.hasOwn(names, name)
}
