// Regular expressions of RE2.
// Plain JavaScript, because the threads of the embedded database and of the word index run it, too.
import { RE2JS } from 're2js'

/**
 * Tests whether a text contains a match of a regular expression of RE2, in any case unless it says `(?-i)`. The time is
 * linear in the text, whatever the expression.
 * @param {string} source
 * @returns {(text: string) => boolean}
 */
export function regexTest (source) {
  const expression = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE)
  return (text) => expression.test(text)
}
