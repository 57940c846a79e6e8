import type { Attribute, Pattern } from '../../../query/filter.ts'
import { fold } from '../../../text/fold.js'
import { plainRunOfRegex, steadyMessagePieces, steadyPieces } from '../../../text/prefilter.js'
import { readingsOf } from '../../../text/values.js'
import { isOpen } from '../../../text/words.js'
import type { Condition, PlainConditions } from '../dialect.ts'

/** Conditions in SQL that every client of SQLite runs, from version 3.38: without the functions of functions.js. */
export const plainSqliteConditions: PlainConditions = {
  words (column, pattern) {
    const { pieces, isExact, isHangul } = steadyMessagePieces(pattern)
    const contains = glob({ sql: column, bindings: [] }, ['', ...pieces, ''])
    // Escape sequences may stand within words, and parts of Hangul instead of its syllables.
    const sql = isHangul ? `${column} IS NOT NULL` : contains.sql
    const bindings = isHangul ? [] : contains.bindings
    return isOpen(pattern)
      ? { sql, bindings, exact: isExact && !isHangul }
      : { sql: `${sql} OR instr(${column}, char(27)) > 0`, bindings, exact: false }
  },
  like: (column, pattern) => likeSteady({ sql: column, bindings: [] }, pattern),
  likeAttribute: (attribute, pattern) => likeSteady(textAt(attribute), pattern),
  regex (column, source) {
    const run = plainRunOfRegex(source)
    if (run === '') return { sql: `${column} IS NOT NULL`, bindings: [], exact: false }
    return { sql: `instr(lower(${column}), ?) > 0`, bindings: [run], exact: false }
  },
  regexAttribute (attribute) {
    const { sql, bindings } = textAt(attribute)
    return { sql: `${sql} IS NOT NULL`, bindings, exact: false }
  },
  // Digits beyond those of floating point are not compared: a text may be a little more, or less, than its number.
  number ({ path }, comparison, number) {
    const { sql, bindings } = valueAt(path)
    const around = comparison === '=' ? comparison : `${comparison.charAt(0)}=`
    return {
      sql: `CASE WHEN json_type(${sql}) IN ('integer', 'real') THEN CAST(${sql} AS REAL) ${comparison} ?
        WHEN json_type(${sql}) = 'text' AND ${sql} NOT GLOB '*[^"0-9.eE+-]*'
          THEN CAST(${sql} ->> '$' AS REAL) ${around} ? END`,
      bindings: [...bindings, ...bindings, Number(number), ...bindings, ...bindings, ...bindings, Number(number)],
      exact: false
    }
  },
  exists ({ path }) {
    const { sql, bindings } = valueAt(path)
    return { sql: `json_type(${sql}) <> 'null'`, bindings }
  }
}

function likeSteady (text: Condition, pattern: Pattern) {
  const { pieces, isExact, isHangul } = steadyPieces(pattern)
  return isHangul
    ? { sql: `${text.sql} IS NOT NULL`, bindings: text.bindings, exact: false }
    : { ...glob(text, pieces), exact: isExact }
}

/** By GLOB with both cases of each letter: LIKE and lower() know the cases of ASCII alone. */
function glob ({ sql, bindings }: Condition, pieces: readonly string[]): Condition {
  const pattern = pieces.map((piece) => Array.from(piece, anyCase).join('')).join('*')
  return { sql: `${sql} GLOB ?`, bindings: [...bindings, pattern] }
}

/** Characters beside the upper case that are folded to a letter. */
const otherCases = new Map([['i', 'İ'], ['k', '\u212A'], ['ǆ', 'ǅ'], ['ǉ', 'ǈ'], ['ǌ', 'ǋ'], ['ǳ', 'ǲ']])

/** Pattern of all characters that are folded to this one. */
function anyCase (letter: string): string {
  const upper = letter.toUpperCase()
  const cases = [letter, ...fold(upper) === letter ? [upper] : [], otherCases.get(letter) ?? '']
  const different = [...new Set(cases)].join('')
  return different === letter && !/[*?[]/.test(letter) ? letter : `[${different}]`
}

/** The attribute as text if it is a text, a number or a boolean; else null. */
function textAt ({ path }: Attribute): Condition {
  const { sql, bindings } = valueAt(path)
  return {
    sql: `CASE WHEN json_type(${sql}) = 'text' THEN ${sql} ->> '$'
      WHEN json_type(${sql}) NOT IN ('object', 'array', 'null') THEN ${sql} END`,
    bindings: [...bindings, ...bindings, ...bindings, ...bindings]
  }
}

/** The attribute as JSON, by the first reading of the path that exists. */
function valueAt (path: readonly string[]): Condition {
  const paths = readingsOf(path).map((names) => `$${names.map((name) => `.${JSON.stringify(name)}`).join('')}`)
  const values = paths.map(() => 'attributes -> ?').join(', ')
  return { sql: paths.length === 1 ? '(attributes -> ?)' : `coalesce(${values})`, bindings: paths }
}
