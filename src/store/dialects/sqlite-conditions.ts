import type { Condition, Conditions } from './dialect.ts'
import { plainRun } from './plain-run.ts'

/** By the functions of its thread (`sqlite-functions.js`), before which a cheap test in SQL leaves out what can't match. */
export const sqliteConditions: Conditions = {
  words (column, pattern) {
    const run = plainRun(pattern)
    const exact = { sql: `lb_words(${column}, ?)`, bindings: [JSON.stringify(pattern)] }
    return run === '' ? exact : { sql: `instr(lower(${column}), ?) > 0 AND ${exact.sql}`, bindings: [run, ...exact.bindings] }
  },
  like: ({ sql, bindings }, pattern) => ({ sql: `lb_like(${sql}, ?)`, bindings: [...bindings, JSON.stringify(pattern)] }),
  regex: ({ sql, bindings }, source) => ({ sql: `lb_regex(${sql}, ?)`, bindings: [...bindings, source] }),
  text: ({ path }) => attribute('lb_text', path),
  number: ({ path }) => attribute('lb_number', path),
  exists: ({ path }) => attribute('lb_exists', path),
  // In whole numbers, as no binding is here; division goes towards zero, so from a beginning of an interval long before all times.
  bucket (seconds) {
    const shift = Math.ceil(secondsTo1970 / seconds) * seconds
    return { sql: `((unixepoch(log_event_at) + ${shift}) / ${seconds} * ${seconds} - ${shift})`, bindings: [] }
  }
}

/** From the year 0 on. */
const secondsTo1970 = 62_167_219_200

function attribute (name: string, path: readonly string[]): Condition {
  return { sql: `${name}(attributes, ?)`, bindings: [JSON.stringify(path)] }
}
