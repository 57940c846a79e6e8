import type { Fields } from '../record/fields.ts'

/** Characters of a text of labels; a longer one is kept unread. */
const maxLabelsLength = 65_536

const label = /\s*([^\s=,{}"`]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)\s*(?:,|(?=\}))/sy

/**
 * Parses labels as Prometheus and Loki write them: `{a="b", c="d\"e"}`, the values with the escapes of Go.
 * If the text is invalid (winston-loki escapes nothing), the labels before the error count, and the text is kept as
 * `labels`.
 */
export function parseLabels (text: string): Fields {
  const inner = text.trim()
  const labels: Array<[string, string]> = []
  let isWhole = inner.startsWith('{') && inner.endsWith('}') && inner.length <= maxLabelsLength
  label.lastIndex = 1
  while (isWhole && inner.slice(label.lastIndex).trim() !== '}') {
    const [, name, quoted, raw] = label.exec(inner) ?? []
    if (name === undefined) isWhole = false
    else labels.push([name, raw ?? unescape(quoted ?? '')])
  }
  if (!isWhole && inner !== '') labels.push(['labels', text])
  return Object.fromEntries(labels)
}

const named: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Source: https://go.dev/ref/spec#Rune_literals */
const escapeSequence = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gs

function unescape (text: string): string {
  return text.replaceAll(escapeSequence, (all: string, ...groups: Array<string | undefined>) => {
    const [x, u, long, octal, other] = groups
    if (other !== undefined) return named[other] ?? other
    const code = octal === undefined ? Number.parseInt(x ?? u ?? long ?? '', 16) : Number.parseInt(octal, 8)
    return code > 0x10ffff ? all : String.fromCodePoint(code)
  })
}
