import type { Attribute, Pattern } from '../../query/filter.ts'
import { cutsNoWord, plainRun, plainRunOfRegex } from '../../text.js'
import type { Condition, Conditions, Preselection } from './dialect.ts'

/**
 * In utf8mb4_bin, with LOWER() on both sides, a pattern's pieces being folded already. Never by a regular expression of
 * the database: PCRE and ICU mean other things by many, know other letters, and give up on some texts.
 */
export const mysqlConditions: Conditions = {
  words (column, pattern) {
    const holds = like(`LOWER(${column})`, ['', ...pattern, ''])
    // Most rows fail the cheapest test.
    return { ...both([...holdsRun(column, plainRun(pattern)), holds]), exact: holds.exact && cutsNoWord(pattern) }
  },
  like: (column, pattern) => like(`LOWER(${column})`, pattern),
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
  number ({ path }) {
    const { sql, bindings } = extract(path)
    return { sql: `IF(JSON_TYPE(${sql}) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL'), ${sql} + 0e0, NULL)`, bindings: [...bindings, ...bindings] }
  },
  exists ({ path }) {
    const { sql, bindings } = extract(path)
    return { sql: `JSON_TYPE(${sql}) <> 'NULL'`, bindings }
  },
  goesOn: undefined,
  // In whole numbers, which takes half the time of FLOOR(): from a beginning of an interval long before all times.
  bucket (seconds) {
    const shift = (seconds - secondsTo1970 % seconds) % seconds
    return { sql: '((TO_SECONDS(log_event_at) + ?) DIV ? * ? - ?)', bindings: [shift, seconds, seconds, secondsTo1970 + shift] }
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
  const unquoted = like(`LOWER(JSON_UNQUOTE(${sql}))`, pattern)
  const asText = both([text, { sql: unquoted.sql, bindings: [...bindings, ...unquoted.bindings] }])
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

function both (tests: readonly Condition[]): Condition {
  return { sql: tests.map(({ sql }) => sql).join(' AND '), bindings: tests.flatMap(({ bindings }) => bindings) }
}

function any (tests: readonly Condition[]): Condition {
  return { sql: tests.map(({ sql }) => `(${sql})`).join(' OR '), bindings: tests.flatMap(({ bindings }) => bindings) }
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
