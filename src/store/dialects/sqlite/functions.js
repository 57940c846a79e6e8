// SQL functions that SQLite lacks, defined in each thread that reads:
//
//   lb_words(text, pattern)        whether the text contains the pattern as whole words, in any case
//   lb_like(text, pattern)         whether the whole text is like the pattern, in any case
//   lb_regex(text, source)         whether the text contains a match
//   lb_text(attributes, path)      the value at the path as text, else null
//   lb_compares(attributes, path, comparison, number)   whether the value at the path is a number that compares so
//   lb_exists(attributes, path)    whether there is a value at the path
//   lb_first(text, characters)     the first characters of the text
//   lb_value_counts(attributes, fields, …)   an aggregate: counts of the values of fields, as JSON
//   lb_goes_on()                   true; a thread can be ended while it calls a function, but not inside SQLite itself
//
// A pattern is a JSON list of folded pieces, a path a JSON list of names, attributes are JSON or null. Fields are a
// JSON list of paths, and of null for each value that follows.
import { firstCharacters } from '../../../text/cut.js'
import { likeTest, wordsTest } from '../../../text/patterns.js'
import { regexTest } from '../../../text/regex.js'
import { ValueCounts } from '../../../text/value-counts.js'
import { asText, compares, valueAt } from '../../../text/values.js'

/** Patterns and paths of one function that a thread keeps parsed. */
const maxCached = 100

/** @param {import('better-sqlite3').Database} database */
export function defineFunctions (database) {
  /** @type {(name: string, implementation: (...values: any[]) => unknown) => void} */
  const define = (name, implementation) => { database.function(name, { deterministic: true }, implementation) }

  /** @type {(name: string, makeTest: (argument: string) => (text: string) => boolean) => void} */
  const defineTest = (name, makeTest) => {
    const testFor = cached(makeTest)
    define(name, (text, argument) => text === null ? null : Number(testFor(argument)(text)))
  }
  defineTest('lb_words', (pattern) => wordsTest(JSON.parse(pattern)))
  defineTest('lb_like', (pattern) => likeTest(JSON.parse(pattern)))
  defineTest('lb_regex', regexTest)

  const parsePath = cached((path) => JSON.parse(path))
  /** @type {(attributes: string | null, path: string) => unknown} */
  const read = (attributes, path) => valueAt(attributes === null ? null : JSON.parse(attributes), parsePath(path))
  define('lb_text', (attributes, path) => asText(read(attributes, path)) ?? null)
  define('lb_compares', (attributes, path, comparison, number) =>
    Number(compares(read(attributes, path), comparison, number)))
  define('lb_exists', (attributes, path) => Number((read(attributes, path) ?? null) !== null))
  define('lb_first', firstCharacters)
  /** @type {(fields: string) => Array<string[] | null>} */
  const parseFields = cached((fields) => JSON.parse(fields))
  /** @type {any} */
  const valueCounts = {
    varargs: true,
    start: () => [],
    /** @type {(counts: ValueCounts[], attributes: string | null, fields: string, ...values: unknown[]) => void} */
    step (counts, attributes, fields, ...values) {
      const record = attributes === null ? null : JSON.parse(attributes)
      let next = 0
      for (const [index, path] of parseFields(fields).entries()) {
        const value = path === null ? values[next++] : valueAt(record, path)
        const counted = counts[index] ??= new ValueCounts()
        counted.add(asText(value) ?? null)
      }
    },
    /** @type {(counts: ValueCounts[]) => string} */
    result: (counts) => JSON.stringify(counts.map(({ counted }) => counted))
  }
  database.aggregate('lb_value_counts', valueCounts)
  // Not deterministic, or SQLite would call it once for the whole statement.
  database.function('lb_goes_on', () => 1)
}

/**
 * Keeps what `make` returns: a statement calls its function with the same argument for every row.
 * @template T
 * @param {(argument: string) => T} make
 * @returns {(argument: string) => T}
 */
function cached (make) {
  /** @type {Map<string, T>} */
  const results = new Map()
  return (argument) => {
    const known = results.get(argument)
    if (known !== undefined) return known
    if (results.size === maxCached) results.clear()
    const result = make(argument)
    results.set(argument, result)
    return result
  }
}
