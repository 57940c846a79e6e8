// Regular expressions of RE2. Plain JavaScript: the threads of the embedded database and of the word index run it, too.
import { RE2JS } from 're2js'

/**
 * Whether a text holds a match of a regular expression of RE2, which takes time in proportion to
 * the text whatever the expression. Upper and lower case are one unless it says `(?-i)`.
 * @param {string} source
 * @returns {(text: string) => boolean}
 */
export function regexTest (source) {
  const expression = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE)
  return (text) => expression.test(text)
}

/** Classes of Unicode and ranges beyond ASCII take about as long to compile as so many characters. */
const classWeight = 20
const rangeWeight = 80

/**
 * How much work an expression is, told before it is compiled, which a short text can make long: at least the characters
 * that it has once its repetitions are written out, each group's within all others.
 * @param {string} source
 * @returns {number}
 */
export function regexWeight (source) {
  let atoms = source.length
  let groups = 1
  for (const { index, 1: low, 2: high } of source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    const times = Math.max(Number(low), Number(high ?? 0), 1)
    if (/(?:\)|\\E)$/.test(source.slice(Math.max(index - 2, 0), index))) groups *= times
    else atoms += times
  }
  const classes = source.match(/\\[pP]/g)?.length ?? 0
  const ranges = source.match(/-[^ -[\]-~]/g)?.length ?? 0
  return groups * (atoms + classWeight * classes + rangeWeight * ranges)
}
