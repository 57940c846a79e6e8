// Masks what others must not read, on the screen and in a file: never what the server stores.
import { plainOf } from '../list/ansi.ts'
import type { Expression } from './expression.ts'
import { isSecretName, spansOf, type Kind } from './kinds.ts'
import { mask } from './mask.ts'

export interface Rules {
  kinds: readonly Kind[]
  expressions: readonly Expression[]
}

/** Passes after which a text is settled: with each one, there is less that a rule could find beside a mask. */
const maxPasses = 4

/** Masks all that a rule finds. A redacted text stays as it is. */
export function redact (text: string, rules: Rules): string {
  let current = text
  for (let pass = 0; pass < maxPasses; pass++) {
    const next = redactOnce(current, rules)
    if (next === current) return current
    current = next
  }
  // Rules that go on finding something beside each mask: nothing of it is shown.
  return mask
}

/** As `redact`, of a text that was meant for a terminal: colours would cut what is searched for. */
export function redactPlain (text: string, rules: Rules): string {
  return redact(plainOf(text), rules)
}

/** Masks all texts within a value, and those whole whose name says that they are secrets. */
export function redactValue (value: unknown, rules: Rules, name = ''): unknown {
  if (typeof value === 'string' || typeof value === 'number') {
    if (rules.kinds.includes('secret') && isSecretName(name)) return mask
    const text = redactPlain(String(value), rules)
    return text === String(value) ? value : text
  }
  if (Array.isArray(value)) return value.map((part: unknown) => redactValue(part, rules, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value)
    .map(([key, part]) => [redact(key, rules), redactValue(part, rules, key)]))
}

function redactOnce (text: string, rules: Rules): string {
  return text.split(/█+/).map((piece) => redactPiece(piece, rules)).join(mask).replaceAll(/█+/g, mask)
}

function redactPiece (text: string, { kinds, expressions }: Rules): string {
  if (text === '') return text
  const spans = [
    ...kinds.flatMap((kind) => spansOf(kind, text)), ...expressions.flatMap((expression) => expression.spansIn(text))
  ].sort((one, other) => one.start - other.start)
  let redacted = ''
  let at = 0
  for (const { start, end } of spans) {
    if (end <= at) continue
    redacted += text.slice(at, Math.max(at, start)) + mask
    at = end
  }
  return redacted + text.slice(at)
}
