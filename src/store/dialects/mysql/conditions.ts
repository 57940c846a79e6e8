import type { Attribute, Pattern } from '../../../query/filter.ts'
import type { Comparison } from '../../../text/values.js'
import { plainRunOfRegex, plainRunOfWords, steadyMessagePieces, steadyPieces } from '../../../text/prefilter.js'
import { isDecimal, numeral, readingsOf } from '../../../text/values.js'
import { isOpen } from '../../../text/words.js'
import type { Condition, Conditions, Preselection } from '../dialect.ts'

/**
 * In utf8mb4_bin, with LOWER() on both sides, a pattern's pieces being folded already. Never by a regular expression of
 * the database: PCRE and ICU mean other things by many, know other letters, and give up on some texts.
 */
export const mysqlConditions: Conditions = {
  words (column, pattern) {
    const { pieces, isExact, isHangul } = steadyMessagePieces(pattern)
    const text = { sql: column, bindings: [] }
    const whole = like(`LOWER(${column})`, ['', ...pieces, ''])
    // Most rows fail the cheapest test.
    const holds = both([...holdsRun(column, plainRunOfWords(pattern)), whole])
    const others = [...isOpen(pattern) ? [] : [holdsBytes(text, '1B')], ...isHangul ? holdsJamo(text) : []]
    return { ...any([holds, ...others]), exact: whole.exact && isExact }
  },
  like: (column, pattern) => likeSteady({ sql: column, bindings: [] }, pattern),
  likeAttribute,
  regex (column, source) {
    const [test] = holdsRun(column, plainRunOfRegex(source))
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
      sql: `CASE WHEN JSON_TYPE(${sql}) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') THEN ${sql} + 0e0 ${comparison} ?
        WHEN JSON_TYPE(${sql}) = 'STRING' THEN ${text.sql} END`,
      bindings: [...bindings, ...bindings, Number(number), ...bindings, ...text.bindings],
      exact: true
    }
  },
  exists ({ path }) {
    const { sql, bindings } = extract(path)
    return { sql: `JSON_TYPE(${sql}) <> 'NULL'`, bindings }
  },
  goesOn: undefined,
  // In whole numbers, which takes half the time of FLOOR(): from a beginning of an interval long before all times.
  bucket (seconds, origin = 0, offset = noOffset) {
    const shift = seconds - (secondsTo1970 + origin) % seconds
    return { sql: `((TO_SECONDS(log_event_at) + ${offset.sql} + ?) DIV ? * ? - ?)`, bindings: [...offset.bindings, shift, seconds, seconds, secondsTo1970 + shift] }
  }
}

/** The database goes one call deeper for each open place of a pattern, and compares each place of a text with all of a piece. */
const maxPieces = 32
const maxPieceCharacters = 256

/** By LIKE, because `=` would not see spaces at the end; of a pattern that is too large by its beginnings. */
function like (sql: string, pattern: readonly string[]): Preselection {
  const pieces = pattern.map((piece) => Array.from(piece))
  const exact = pieces.length <= maxPieces && pieces.every(({ length }) => length <= maxPieceCharacters)
  const parts = pieces.slice(0, maxPieces).map((piece) => piece.slice(0, maxPieceCharacters).join('').replaceAll(/[!%_]/g, '!$&') + (piece.length > maxPieceCharacters ? '%' : ''))
  return { sql: `${sql} LIKE ? ESCAPE '!'`, bindings: [parts.concat(pieces.length > maxPieces ? [''] : []).join('%')], exact }
}

/** Whether a text is like a pattern, whose letters may stand there composed or decomposed. */
function likeSteady (text: Condition, pattern: Pattern): Preselection {
  const { pieces, isExact, isHangul } = steadyPieces(pattern)
  const { sql, bindings, exact } = like(`LOWER(${text.sql})`, pieces)
  const holds = { sql, bindings: [...text.bindings, ...bindings] }
  return isHangul ? { ...any([holds, ...holdsJamo(text)]), exact: false } : { ...holds, exact: exact && isExact }
}

/** Whether a text holds a byte, or some. */
function holdsBytes ({ sql, bindings }: Condition, bytes: string): Condition {
  return { sql: `CAST(${sql} AS BINARY) LIKE X'25${bytes}25'`, bindings }
}

/** Whether a text may hold Hangul in parts: vowels, or what follows them. */
function holdsJamo (text: Condition): Condition[] {
  return ['E185', 'E186', 'E187'].map((bytes) => holdsBytes(text, bytes))
}

/** Whether the column holds a run of ASCII in any case: byte by byte, whatever they mean, it takes a third of the time. */
function holdsRun (column: string, run: string): Condition[] {
  return run === '' ? [] : [like(`CONVERT(CAST(${column} AS BINARY) USING latin1) COLLATE latin1_swedish_ci`, ['', run, ''])]
}

/** Whether the attribute has a text. */
function isText ({ path }: Attribute): Condition {
  const { sql, bindings } = extract(path)
  return { sql: `JSON_TYPE(${sql}) NOT IN ('OBJECT', 'ARRAY', 'NULL')`, bindings }
}

/** What a number may look like. */
const isNumeric = /^[-+.e\d]*$/

/** Numbers with a fraction or an exponent are compared as numbers: MySQL prints 1e20 where JavaScript has all digits. */
function likeAttribute (attribute: Attribute, pattern: Pattern): Preselection {
  const { sql, bindings } = extract(attribute.path)
  const text = isText(attribute)
  const unquoted = likeSteady({ sql: `JSON_UNQUOTE(${sql})`, bindings }, pattern)
  const asText = both([text, { ...unquoted, sql: `(${unquoted.sql})` }])
  if (!pattern.every((piece) => isNumeric.test(piece))) return { ...asText, exact: unquoted.exact }
  const isFloat = { sql: `JSON_TYPE(${sql}) IN ('DOUBLE', 'DECIMAL')`, bindings }
  if (pattern.length > 1) return { ...any([isFloat, asText]), exact: false }
  const number = Number(pattern[0])
  const isEqual = String(number) === pattern[0] ? { sql: `${sql} + 0e0 = ?`, bindings: [...bindings, number] } : { sql: '1 = 0', bindings: [] }
  return {
    sql: `IF(${isFloat.sql}, ${isEqual.sql}, ${asText.sql})`,
    bindings: [...isFloat.bindings, ...isEqual.bindings, ...asText.bindings],
    exact: true
  }
}

/** Whether a text is a number that compares so with another: by their digits, where it has no exponent. */
function compareText ({ sql, bindings }: Condition, comparison: Comparison, number: string): Condition {
  const isNumber = { sql: `${sql} RLIKE ?`, bindings: [...bindings, `${numeral}\\z`] }
  const asDouble = { sql: `${sql} + 0e0 ${comparison} ?`, bindings: [...bindings, Number(number)] }
  if (!isDecimal(number)) return both([isNumber, asDouble])
  const byDigits = { sql: `CAST(${sql} AS DECIMAL(60, 30)) ${comparison} CAST(? AS DECIMAL(60, 30))`, bindings: [...bindings, number] }
  return {
    sql: `${isNumber.sql} AND IF(${sql} RLIKE '[eE]', ${asDouble.sql}, ${byDigits.sql})`,
    bindings: [...isNumber.bindings, ...bindings, ...asDouble.bindings, ...byDigits.bindings]
  }
}

function both (tests: readonly Condition[]): Condition {
  return { sql: tests.map(({ sql }) => sql).join(' AND '), bindings: tests.flatMap(({ bindings }) => bindings) }
}

function any (tests: readonly Condition[]): Condition {
  return { sql: tests.map(({ sql }) => `(${sql})`).join(' OR '), bindings: tests.flatMap(({ bindings }) => bindings) }
}

const noOffset: Condition = { sql: '0', bindings: [] }

/** TO_SECONDS('1970-01-01'). */
const secondsTo1970 = 62_167_219_200

/** As JSON, of the first reading of the path that is there. */
function extract (path: readonly string[]): Condition {
  const paths = readingsOf(path).map(pathOf)
  if (paths.length === 1) return { sql: 'JSON_EXTRACT(attributes, ?)', bindings: paths }
  return {
    sql: `IF(JSON_CONTAINS_PATH(attributes, 'one', ${paths.map(() => '?').join(', ')}), COALESCE(${paths.map(() => 'JSON_EXTRACT(attributes, ?)').join(', ')}), NULL)`,
    bindings: [...paths, ...paths]
  }
}

function pathOf (names: readonly string[]): string {
  return `$${names.map((name) => `.${JSON.stringify(name)}`).join('')}`
}
