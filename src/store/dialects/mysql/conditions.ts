import type { Attribute, Pattern } from '../../../query/filter.ts'
import type { Comparison } from '../../../text/values.js'
import { plainRunOfRegex, plainRunOfWords, steadyMessagePieces, steadyPieces } from '../../../text/prefilter.js'
import { isDecimal, numeral, readingsOf } from '../../../text/values.js'
import { isOpen } from '../../../text/words.js'
import type { Condition, Conditions, Preselection } from '../dialect.ts'

/**
 * Conditions on columns in utf8mb4_bin: LOWER() of the column against a pattern whose pieces are already folded.
 *
 * Never by a regular expression of the database: PCRE and ICU read many of them differently, know other letters, and
 * give up on some texts.
 */
export const mysqlConditions: Conditions = {
  words (column, pattern) {
    const { pieces, isExact, isHangul } = steadyMessagePieces(pattern)
    const text = { sql: column, bindings: [] }
    const whole = like(`LOWER(${column})`, ['', ...pieces, ''])
    // The cheapest test first: most rows fail it.
    const contains = allOf([...containsRun(column, plainRunOfWords(pattern)), whole])
    const others = [...isOpen(pattern) ? [] : [containsBytes(text, '1B')], ...isHangul ? containsJamo(text) : []]
    return { ...anyOf([contains, ...others]), exact: whole.exact && isExact }
  },
  like: (column, pattern) => likeSteady({ sql: column, bindings: [] }, pattern),
  likeAttribute,
  regex (column, source) {
    const [test] = containsRun(column, plainRunOfRegex(source))
    return { ...test ?? { sql: `${column} IS NOT NULL`, bindings: [] }, exact: false }
  },
  regexAttribute: (attribute) => ({ ...isText(attribute), exact: false }),
  json (attribute) {
    const { sql, bindings } = extract(attribute.path)
    const text = isText(attribute)
    return { sql: `IF(${text.sql}, CAST(${sql} AS CHAR), NULL)`, bindings: [...text.bindings, ...bindings] }
  },
  number ({ path }, comparison, number) {
    const { sql, bindings } = extract(path)
    const text = compareText({ sql: `JSON_UNQUOTE(${sql})`, bindings }, comparison, number)
    return {
      sql: `CASE
        WHEN JSON_TYPE(${sql}) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') THEN ${sql} + 0e0 ${comparison} ?
        WHEN JSON_TYPE(${sql}) = 'STRING' THEN ${text.sql} END`,
      bindings: [...bindings, ...bindings, Number(number), ...bindings, ...text.bindings],
      exact: true
    }
  },
  exists ({ path }) {
    const { sql, bindings } = extract(path)
    return { sql: `JSON_TYPE(${sql}) <> 'NULL'`, bindings }
  },
  // Of a comparison of both columns at once it would use the first alone.
  beyond: (comparison, { at, id }) => ({
    sql: `(log_event_at ${comparison === '>' ? '>' : '<'} ? OR (log_event_at = ? AND id ${comparison} ?))`,
    bindings: [at, at, id]
  }),
  goesOn: undefined,
  // In whole numbers, counted from the start of an interval before all times: half the time of FLOOR().
  bucket (seconds, origin = 0, offset = noOffset) {
    const shift = seconds - (secondsTo1970 + origin) % seconds
    return {
      sql: `((TO_SECONDS(log_event_at) + ${offset.sql} + ?) DIV ? * ? - ?)`,
      bindings: [...offset.bindings, shift, seconds, seconds, secondsTo1970 + shift]
    }
  }
}

/**
 * Bounds of a pattern for LIKE. The database recurses once for each piece, and compares a whole piece at each
 * character of a text.
 */
const maxPieces = 32
const maxPieceCharacters = 256

/** By LIKE, because `=` ignores trailing spaces. A pattern beyond the bounds is cut, and then not exact. */
function like (sql: string, pattern: readonly string[]): Preselection {
  const pieces = pattern.map((piece) => Array.from(piece))
  const exact = pieces.length <= maxPieces && pieces.every(({ length }) => length <= maxPieceCharacters)
  const parts = pieces.slice(0, maxPieces).map((piece) => {
    const text = piece.slice(0, maxPieceCharacters).join('').replaceAll(/[!%_]/g, '!$&')
    return piece.length > maxPieceCharacters ? `${text}%` : text
  })
  if (pieces.length > maxPieces) parts.push('')
  return { sql: `${sql} LIKE ? ESCAPE '!'`, bindings: [parts.join('%')], exact }
}

/** Whether a text is like a pattern; the text's letters may be composed or decomposed. */
function likeSteady (text: Condition, pattern: Pattern): Preselection {
  const { pieces, isExact, isHangul } = steadyPieces(pattern)
  const { sql, bindings, exact } = like(`LOWER(${text.sql})`, pieces)
  const matches = { sql, bindings: [...text.bindings, ...bindings] }
  return isHangul
    ? { ...anyOf([matches, ...containsJamo(text)]), exact: false }
    : { ...matches, exact: exact && isExact }
}

/** Whether a text contains these bytes, in hex digits. */
function containsBytes ({ sql, bindings }: Condition, bytes: string): Condition {
  return { sql: `CAST(${sql} AS BINARY) LIKE X'25${bytes}25'`, bindings }
}

/** Whether a text may contain decomposed Hangul: vowels or final consonants. */
function containsJamo (text: Condition): Condition[] {
  return ['E185', 'E186', 'E187'].map((bytes) => containsBytes(text, bytes))
}

/** Whether the column contains a run of ASCII, in any case. As bytes in latin1, it takes a third of the time. */
function containsRun (column: string, run: string): Condition[] {
  if (run === '') return []
  return [like(`CONVERT(CAST(${column} AS BINARY) USING latin1) COLLATE latin1_swedish_ci`, ['', run, ''])]
}

/** Whether the attribute is a text, a number or a boolean. */
function isText ({ path }: Attribute): Condition {
  const { sql, bindings } = extract(path)
  return { sql: `JSON_TYPE(${sql}) NOT IN ('OBJECT', 'ARRAY', 'NULL')`, bindings }
}

/** Matches the characters that a number consists of. */
const isNumeric = /^[-+.e\d]*$/

/**
 * Whether an attribute is like a pattern. Numbers with a fraction or an exponent are compared as numbers: MySQL writes
 * 1e20 where JavaScript writes all digits.
 */
function likeAttribute (attribute: Attribute, pattern: Pattern): Preselection {
  const { sql, bindings } = extract(attribute.path)
  const text = isText(attribute)
  const unquoted = likeSteady({ sql: `JSON_UNQUOTE(${sql})`, bindings }, pattern)
  const asText = allOf([text, { ...unquoted, sql: `(${unquoted.sql})` }])
  if (!pattern.every((piece) => isNumeric.test(piece))) return { ...asText, exact: unquoted.exact }
  const isFloat = { sql: `JSON_TYPE(${sql}) IN ('DOUBLE', 'DECIMAL')`, bindings }
  if (pattern.length > 1) return { ...anyOf([isFloat, asText]), exact: false }
  const number = Number(pattern[0])
  const isEqual: Condition = String(number) === pattern[0]
    ? { sql: `${sql} + 0e0 = ?`, bindings: [...bindings, number] }
    : { sql: '1 = 0', bindings: [] }
  return {
    sql: `IF(${isFloat.sql}, ${isEqual.sql}, ${asText.sql})`,
    bindings: [...isFloat.bindings, ...isEqual.bindings, ...asText.bindings],
    exact: true
  }
}

/** Whether a text is a number that compares so with another; compared by its digits if it has no exponent. */
function compareText ({ sql, bindings }: Condition, comparison: Comparison, number: string): Condition {
  const isNumber = { sql: `${sql} RLIKE ?`, bindings: [...bindings, `${numeral}\\z`] }
  const asDouble = { sql: `${sql} + 0e0 ${comparison} ?`, bindings: [...bindings, Number(number)] }
  if (!isDecimal(number)) return allOf([isNumber, asDouble])
  const byDigits = {
    sql: `CAST(${sql} AS DECIMAL(60, 30)) ${comparison} CAST(? AS DECIMAL(60, 30))`,
    bindings: [...bindings, number]
  }
  return {
    sql: `${isNumber.sql} AND IF(${sql} RLIKE '[eE]', ${asDouble.sql}, ${byDigits.sql})`,
    bindings: [...isNumber.bindings, ...bindings, ...asDouble.bindings, ...byDigits.bindings]
  }
}

function allOf (tests: readonly Condition[]): Condition {
  return { sql: tests.map(({ sql }) => sql).join(' AND '), bindings: tests.flatMap(({ bindings }) => bindings) }
}

function anyOf (tests: readonly Condition[]): Condition {
  return { sql: tests.map(({ sql }) => `(${sql})`).join(' OR '), bindings: tests.flatMap(({ bindings }) => bindings) }
}

const noOffset: Condition = { sql: '0', bindings: [] }

/** TO_SECONDS('1970-01-01'). */
const secondsTo1970 = 62_167_219_200

/** The attribute as JSON, by the first reading of the path that exists. */
function extract (path: readonly string[]): Condition {
  const paths = readingsOf(path).map(pathOf)
  if (paths.length === 1) return { sql: 'JSON_EXTRACT(attributes, ?)', bindings: paths }
  const places = paths.map(() => '?').join(', ')
  const extracts = paths.map(() => 'JSON_EXTRACT(attributes, ?)').join(', ')
  return {
    sql: `IF(JSON_CONTAINS_PATH(attributes, 'one', ${places}), COALESCE(${extracts}), NULL)`,
    bindings: [...paths, ...paths]
  }
}

function pathOf (names: readonly string[]): string {
  return `$${names.map((name) => `.${JSON.stringify(name)}`).join('')}`
}
