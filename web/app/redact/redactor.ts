import { Expression, ExpressionError } from './expression.ts'
import { isSecretName, type Kind } from './kinds.ts'
import { mask, type Redactor } from './mask.ts'
import { redactPlain, type Rules } from './redact.ts'

/** Texts whose masks are remembered. */
const maxKnown = 5000
/** Characters of a text whose mask is remembered; longer ones are seldom shown twice. */
const maxKnownLength = 5000

/** Masks texts by the rules of a user. */
export function redactorOf (kinds: readonly Kind[], expressions: readonly string[]): Redactor {
  const rules = rulesOf(kinds, expressions)
  const known = new Map<string, string>()
  return (text, name = '') => {
    if (kinds.includes('secret') && isSecretName(name)) return text === '' ? text : mask
    const before = known.get(text)
    if (before !== undefined) return before
    const redacted = redactPlain(text, rules)
    if (text.length > maxKnownLength) return redacted
    if (known.size >= maxKnown) known.clear()
    known.set(text, redacted)
    return redacted
  }
}

/** The rules of settings. An expression of another version of the page, which this one cannot run, is left out. */
export function rulesOf (kinds: readonly Kind[], expressions: readonly string[]): Rules {
  return { kinds, expressions: expressions.flatMap((source) => compile(source) ?? []) }
}

/** An expression; undefined where it is not one that the page can run. */
export function compile (source: string): Expression | undefined {
  try {
    return new Expression(source)
  } catch (error) {
    if (error instanceof ExpressionError) return undefined
    throw error
  }
}
