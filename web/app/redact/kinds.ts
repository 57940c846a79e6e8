// What is masked without being asked for one by one. Each expression takes time that grows with the text alone: what
// repeats in it is bounded, or cannot be told in two ways.
import type { Span } from './expression.ts'

export const kinds = ['email', 'address', 'secret', 'card', 'phone'] as const
export type Kind = typeof kinds[number]

const group = '[\\da-f]{1,4}'
const ipv6 = [`(?:${group}:){7}${group}`, `(?:${group}(?::${group}){0,6})?::(?:${group}(?::${group}){0,6})?`].join('|')

/** Names after which a secret stands. */
const names = 'passwords?|passwd|pwd|secret|token|api[_-]?key|access[_-]?key'

const expressions: Record<Kind, readonly RegExp[]> = {
  email: [/[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}/gu],
  address: [/(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)/g, new RegExp(`(?<![\\w:])(?:${ipv6})(?![\\w:])`, 'gi')],
  secret: [
    /\b(?:bearer|basic|token|digest)\s{1,4}[\w.~+/=-]{8,}/gi,
    /\beyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*/g,
    /(?<![a-z\d])(?:lb|sk|pk|rk|gh[pousr]|github_pat|glpat|xox[abeprs]|npm|hf|AKIA|ASIA|AIza)[_-]?[\w-]{16,}/gi,
    /(?<![\da-z])[\da-f]{32,}(?![\da-z])/gi,
    /:\/\/[^\s/:@]{0,256}:[^\s/@]{1,256}@/g,
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    /(?:authorization|cookie)(?:\\?["'])?\s{0,4}[:=][^\n]+/gi,
    new RegExp(`(?:${names})(?:\\\\?["'])?\\s{0,4}[:=]\\s{0,4}(?:\\\\?"[^"]*"?|'[^']*'?|[^\\s,;&"']+)`, 'gi')
  ],
  card: [/(?<!\d)\d(?:[ -]?\d){12,}/g],
  phone: [
    /\+\d[\d ().-]{6,20}\d/g,
    /(?<!\d)\(?\d{3,5}\)?[ -]\d{3}[ -]\d{2}[ -]?\d{2}(?!\d)/g,
    /(?<!\d)[78][ -]?\(?\d{3}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}(?!\d)/g
  ]
}

const minCardDigits = 13
const maxCardDigits = 19

/** Names of attributes whose values are secrets, whatever they look like. */
const secretName = /passw|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie|credential/i

export function isSecretName (name: string): boolean {
  return secretName.test(name)
}

/** All of a kind in a text. */
export function spansOf (kind: Kind, text: string): Span[] {
  const found = expressions[kind].flatMap((expression) => [...text.matchAll(expression)])
    .map(({ 0: { length }, index }) => ({ start: index, end: index + length }))
  return kind === 'card' ? found.flatMap((span) => cardsIn(text, span)) : found
}

/** Numbers of cards among digits: groups of 13 to 19 digits in all that have the checksum. */
function cardsIn (text: string, { start, end }: Span): Span[] {
  const groups = [...text.slice(start, end).matchAll(/\d+/g)]
    .map(({ 0: digits, index }) => ({ digits, start: start + index, end: start + index + digits.length }))
  return groups.flatMap((first, index) => {
    let digits = ''
    const cards: Span[] = []
    for (const group of groups.slice(index, index + maxCardDigits)) {
      digits += group.digits
      if (digits.length > maxCardDigits) break
      if (digits.length >= minCardDigits && isCard(digits)) cards.push({ start: first.start, end: group.end })
    }
    return cards
  })
}

/** Whether the digits have a checksum of Luhn (ISO/IEC 7812-1, annex B), as numbers of cards do. */
function isCard (digits: string): boolean {
  const sum = [...digits].reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 + 1)
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
