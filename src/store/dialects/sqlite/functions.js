// What the embedded database's SQL lacks, as functions of its thread:
//
//   lb_words(text, pattern)        whether the text holds the pattern as whole words, any case
//   lb_like(text, pattern)         whether the whole text is like the pattern, any case
//   lb_regex(text, source)         whether the text holds a match
//   lb_text(attributes, path)      what they hold there as text, else null
//   lb_compares(attributes, path, comparison, number)   whether what they hold there is a number that compares so
//   lb_exists(attributes, path)    whether they hold anything there
//   lb_goes_on()                   true: the thread can be ended where it is asked, not where SQLite is by itself
//
// A pattern is a JSON list of folded pieces, a path a JSON list of names, attributes are JSON or null.
import { likeTest, wordsTest } from '../../../text/patterns.js'
import { regexTest } from '../../../text/regex.js'
import { asText, compares, valueAt } from '../../../text/values.js'

/** @param {import('better-sqlite3').Database} database */
export function defineFunctions (database) {
  /** @type {(name: string, implementation: (...values: any[]) => any) => void} */
  const define = (name, implementation) => database.function(name, { deterministic: true }, implementation)
  const test = (name, make) => {
    const tests = lastOf(make)
    define(name, (text, argument) => text === null ? null : Number(tests(argument)(text)))
  }
  test('lb_words', (pattern) => wordsTest(JSON.parse(pattern)))
  test('lb_like', (pattern) => likeTest(JSON.parse(pattern)))
  test('lb_regex', regexTest)

  const pathOf = lastOf(JSON.parse)
  const look = (attributes, path) => valueAt(attributes === null ? null : JSON.parse(attributes), pathOf(path))
  define('lb_text', (attributes, path) => asText(look(attributes, path)) ?? null)
  define('lb_compares', (attributes, path, comparison, number) => Number(compares(look(attributes, path), comparison, number)))
  database.function('lb_goes_on', () => 1)
  define('lb_exists', (attributes, path) => Number((look(attributes, path) ?? null) !== null))
}

/** What is made of an argument is kept for the rows after, of which a statement has many. */
function lastOf (make) {
  const made = new Map()
  return (argument) => {
    if (!made.has(argument)) {
      if (made.size === 100) made.clear()
      made.set(argument, make(argument))
    }
    return made.get(argument)
  }
}
