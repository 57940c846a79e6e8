// Texts of strangers, as parts of a row: what a browser would hide, or reverse, becomes visible.

export interface TextPart {
  text: string
  /** The text names characters that could not be seen: `U+202E`, or `U+0000 ×3`. */
  isChip: boolean
}

/** Places at which hidden characters are named; later ones are replaced. */
const maxChips = 200

/** A run of the same control or format character but line breaks and tabs, of line separators, or lone surrogates. */
const unsafe = /((?![\n\t\r])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029])\1*/gu

export function partsOf (text: string): TextPart[] {
  const parts: TextPart[] = []
  let from = 0
  let chips = 0
  for (const { 0: run, 1: character = '', index } of text.matchAll(unsafe)) {
    if (index > from) parts.push({ text: text.slice(from, index), isChip: false })
    if (chips++ === maxChips) {
      return [...parts, { text: text.slice(index).replaceAll(unsafe, '\ufffd'), isChip: false }]
    }
    const count = run.length / character.length
    parts.push({ text: count > 1 ? `${nameOf(character)} ×${count}` : nameOf(character), isChip: true })
    from = index + run.length
  }
  if (from < text.length) parts.push({ text: text.slice(from), isChip: false })
  return parts
}

function nameOf (character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** The first line of a text, and the number of lines after it. */
export function firstLineOf (text: string): { line: string, more: number } {
  const end = text.search(/\r?\n/)
  if (end < 0) return { line: text, more: 0 }
  return { line: text.slice(0, end), more: text.slice(end).trimEnd().split('\n').length - 1 }
}
