// Texts of strangers, as parts of a row: what a browser would hide, or reverse, becomes visible.

export interface TextPart {
  text: string
  /** The text names a character that could not be seen: `U+202E`. */
  isChip: boolean
}

/** Control and format characters but line breaks and tabs, line separators, and lone surrogates. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

export function partsOf (text: string): TextPart[] {
  const parts: TextPart[] = []
  let from = 0
  for (const { 0: character, index } of text.matchAll(unsafe)) {
    if (character === '\n' || character === '\t' || character === '\r') continue
    if (index > from) parts.push({ text: text.slice(from, index), isChip: false })
    parts.push({ text: nameOf(character), isChip: true })
    from = index + character.length
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
