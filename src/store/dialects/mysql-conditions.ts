import type { Pattern } from '../../query/filter.ts'
import { wordsExpression } from '../../text.js'
import type { Condition, Conditions } from './dialect.ts'
import { plainRun } from './plain-run.ts'

/** In utf8mb4_bin, with LOWER() on both sides, a pattern's pieces being folded already. */
export const mysqlConditions: Conditions = {
  words (column, pattern) {
    const expression = wordsExpression(pattern)
    const run = plainRun(pattern)
    return both([
      // Most rows fail the cheapest test: byte by byte, whatever they mean, it takes a third of the time.
      ...run === '' ? [] : [{ sql: `CONVERT(CAST(${column} AS BINARY) USING latin1) COLLATE latin1_swedish_ci LIKE ? ESCAPE '!'`, bindings: [`%${likeOf([run])}%`] }],
      { sql: `LOWER(${column}) LIKE ? ESCAPE '!'`, bindings: [`%${likeOf(pattern)}%`] },
      // Where no word could be cut that is all.
      ...isPlain.test(expression) ? [] : [{ sql: `LOWER(${column}) REGEXP ?`, bindings: [expression] }]
    ])
  },
  // LIKE, because `=` would not see spaces at the end.
  like: ({ sql, bindings }, pattern) => ({ sql: `LOWER(${sql}) LIKE ? ESCAPE '!'`, bindings: [...bindings, likeOf(pattern)] }),
  regex: ({ sql, bindings }, source) => ({ sql: `${sql} REGEXP ?`, bindings: [...bindings, `(?i)${expressionOf(source)}`] }),
  text ({ path }) {
    const { sql, bindings } = extract(path)
    return { sql: `IF(JSON_TYPE(${sql}) IN ('OBJECT', 'ARRAY', 'NULL'), NULL, JSON_UNQUOTE(${sql}))`, bindings: [...bindings, ...bindings] }
  },
  number ({ path }) {
    const { sql, bindings } = extract(path)
    return { sql: `IF(JSON_TYPE(${sql}) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL'), ${sql} + 0e0, NULL)`, bindings: [...bindings, ...bindings] }
  },
  exists ({ path }) {
    const { sql, bindings } = extract(path)
    return { sql: `JSON_TYPE(${sql}) <> 'NULL'`, bindings }
  },
  // In whole numbers, which takes half the time of FLOOR(): from a beginning of an interval long before all times.
  bucket (seconds) {
    const shift = (seconds - secondsTo1970 % seconds) % seconds
    return { sql: '((TO_SECONDS(log_event_at) + ?) DIV ? * ? - ?)', bindings: [shift, seconds, seconds, secondsTo1970 + shift] }
  }
}

const isPlain = /^[^\\(]*$/

function both (tests: readonly Condition[]): Condition {
  return { sql: tests.map(({ sql }) => sql).join(' AND '), bindings: tests.flatMap(({ bindings }) => bindings) }
}

/** TO_SECONDS('1970-01-01'). */
const secondsTo1970 = 62_167_219_200

/** As JSON; a name with dots goes before a path. */
function extract (path: readonly string[]): Condition {
  const whole = pathOf([path.join('.')])
  if (path.length === 1) return { sql: 'JSON_EXTRACT(attributes, ?)', bindings: [whole] }
  return {
    sql: "IF(JSON_CONTAINS_PATH(attributes, 'one', ?), JSON_EXTRACT(attributes, ?), JSON_EXTRACT(attributes, ?))",
    bindings: [whole, whole, pathOf(path)]
  }
}

function pathOf (names: readonly string[]): string {
  return `$${names.map((name) => `.${JSON.stringify(name)}`).join('')}`
}

function likeOf (pattern: Pattern): string {
  return pattern.map((piece) => piece.replaceAll(/[!%_]/g, '!$&')).join('%')
}

const ascii: Record<string, string> = { d: '0-9', w: '0-9A-Za-z_', s: '\\t\\n\\f\\r ' }
const before = `(?<=(?-i:[${ascii.w}]))`
const after = `(?=(?-i:[${ascii.w}]))`
const notBefore = `(?<!(?-i:[${ascii.w}]))`
const notAfter = `(?!(?-i:[${ascii.w}]))`

/** What RE2 means, as PCRE and ICU understand it: to them, digits and letters are those of all scripts, and `$` is before a last newline, too. */
function expressionOf (source: string): string {
  const byLine = /\(\?[a-z]*m/i.test(source)
  let inClass = false
  return source.replaceAll(/\\(?:[pP]\{[^}]*\}|.)|[[\]$]/gs, (token) => {
    if (inClass) {
      inClass = token !== ']'
      return token.startsWith('\\') ? ascii[token[1]!] ?? token : token
    }
    inClass = token === '['
    if (token === '$') return byLine ? token : '\\z'
    if (token === '\\b') return `(?:${before}${notAfter}|${notBefore}${after})`
    if (token === '\\B') return `(?:${before}${after}|${notBefore}${notAfter})`
    const known = token.startsWith('\\') ? ascii[token[1]!.toLowerCase()] : undefined
    return known === undefined ? token : `[${token[1] === token[1]!.toLowerCase() ? '' : '^'}${known}]`
  })
}
