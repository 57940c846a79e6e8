import { plainRunOfRegex, plainRunOfWords } from '../../../text/prefilter.js'
import { isOpen } from '../../../text/words.js'
import type { Condition, Conditions } from '../dialect.ts'

/** Conditions by the functions of functions.js, after a cheap test in SQL that excludes most rows. */
export const sqliteConditions: Conditions = {
  words (column, pattern) {
    const test = { sql: `lb_words(${column}, ?)`, bindings: [JSON.stringify(pattern)] }
    const run = plainRunOfWords(pattern)
    if (run === '' || isOpen(pattern)) return { ...afterRun(column, run, test), exact: true }
    // The run may be interrupted by escape sequences.
    return {
      sql: `(instr(lower(${column}), ?) > 0 OR instr(${column}, char(27)) > 0) AND ${test.sql}`,
      bindings: [run, ...test.bindings],
      exact: true
    }
  },
  like: (column, pattern) => ({ sql: `lb_like(${column}, ?)`, bindings: [JSON.stringify(pattern)], exact: true }),
  likeAttribute ({ path }, pattern) {
    const { sql, bindings } = attribute('lb_text', path)
    return { sql: `lb_like(${sql}, ?)`, bindings: [...bindings, JSON.stringify(pattern)], exact: true }
  },
  regex (column, source) {
    const test = { sql: `lb_regex(${column}, ?)`, bindings: [source] }
    return { ...afterRun(column, plainRunOfRegex(source), test), exact: true }
  },
  regexAttribute ({ path }, source) {
    const { sql, bindings } = attribute('lb_text', path)
    return { sql: `lb_regex(${sql}, ?)`, bindings: [...bindings, source], exact: true }
  },
  json ({ path }) {
    const { sql, bindings } = attribute('lb_text', path)
    return { sql: `json_quote(${sql})`, bindings }
  },
  number: ({ path }, comparison, number) => ({
    sql: 'lb_compares(attributes, ?, ?, ?)',
    bindings: [JSON.stringify(path), comparison, number],
    exact: true
  }),
  exists: ({ path }) => attribute('lb_exists', path),
  valueCounts (fields) {
    const columns = fields.filter((field) => typeof field === 'string').map((column) => `, ${column}`)
    const paths = JSON.stringify(fields.map((field) => typeof field === 'string' ? null : field.path))
    return { sql: `lb_value_counts(attributes, ?${columns.join('')})`, bindings: [paths] }
  },
  beyond: (comparison, { at, id }) => ({
    sql: `(log_event_at, id) ${comparison} (?, ?)`, bindings: [at, id]
  }),
  // For few rows only, as the call takes time: ids are consecutive, or end in random bits.
  goesOn: { sql: '((id & 255) > 0 OR lb_goes_on())', bindings: [] },
  // Numbers stand in the SQL, because SQLite's driver binds every number as a float. Division rounds towards zero, so
  // it starts from the beginning of an interval before all times.
  bucket (seconds, origin = 0, offset = { sql: '0', bindings: [] }) {
    const shift = (Math.ceil(secondsTo1970 / seconds) + 1) * seconds - origin
    return {
      sql: `((unixepoch(log_event_at) + ${offset.sql} + ${shift}) / ${seconds} * ${seconds} - ${shift})`,
      bindings: offset.bindings
    }
  }
}

/** The test, after a cheap one for a run of ASCII that every match contains. */
function afterRun (column: string, run: string, { sql, bindings }: Condition): Condition {
  return run === ''
    ? { sql, bindings }
    : { sql: `instr(lower(${column}), ?) > 0 AND ${sql}`, bindings: [run, ...bindings] }
}

/** Seconds from the year 0 to 1970. */
const secondsTo1970 = 62_167_219_200

function attribute (name: string, path: readonly string[]): Condition {
  return { sql: `${name}(attributes, ?)`, bindings: [JSON.stringify(path)] }
}
