import { isUtf8 } from 'node:buffer'
import secureJson from 'secure-json-parse'
import { BadRequest } from '../../errors.ts'
import { countNames, endOfString, parseWithRepeats } from './repeated-names.ts'

/** Python's own encoder stops a little below this; the parser could be made to eat gigabytes above it. */
export const maxDepth = 1000

/**
 * Parses a body of JSON as its real senders write it. Stricter than `JSON.parse`:
 * the bytes must be UTF-8, at most 1,000 levels deep, without `__proto__`. And more
 * tolerant: Python's `NaN`, `Infinity` and `-Infinity`, and numbers that a double cannot
 * hold (whole ones beyond 2^53, anything beyond 1.8e308), become strings of the same text.
 * Throws BadRequest, whose detail quotes nothing of the body.
 */
export function parseJson (body: Buffer): unknown {
  if (!isUtf8(body)) throw new BadRequest('body must be UTF-8')
  return parse(body, forbiddenNames.some((name) => body.includes(name)))
}

/** Parses a piece of a body. Throws BadRequest. */
export type Parse = (piece: Buffer) => unknown

/** Parses pieces of a body, as above: what can be told of all of it at once is not looked for in each. */
export function parserOf (body: Buffer): Parse {
  if (!isUtf8(body) || forbiddenNames.some((name) => body.includes(name))) return parseJson
  return (piece) => parse(piece, false)
}

/** Where one of them stands, written out or with escapes of ASCII letters, the careful parser looks for certain. */
const forbiddenNames = ['__proto__', 'constructor', '\\u00']

function parse (body: Buffer, carefully: boolean): unknown {
  const all = body.toString('utf8')
  const { text, names } = walk(all.startsWith('\ufeff') ? all.slice(1) : all)
  try {
    const value = carefully ? secureJson.parse(text) : JSON.parse(text)
    return countNames(value) === names ? value : parseWithRepeats(text)
  } catch (error) {
    throw new BadRequest(explain(error))
  }
}

function explain (error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  if (message === 'Object contains forbidden prototype property') return 'body must not have __proto__ or constructor.prototype as a field'
  const position = / at position (\d+)/.exec(message)?.[1]
  return position === undefined ? 'body must be JSON' : `body must be JSON: unexpected character at position ${position}`
}

const number = /NaN|-?(?:Infinity|(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y

const colonNext = /[ \t\n\r]*:/y

const [quote, minus, dot, zero, nine, colon, upperE, upperI, upperN, openBracket, closeBracket, lowerE, openBrace, closeBrace] = Buffer.from('"-.09:EIN[]e{}')

/** Walks over all that stands outside of strings, which is little: strings are skipped natively. Puts quotes around unsafe numbers, and counts the names. */
function walk (text: string): { text: string, names: number } {
  let names = 0
  let quoted = ''
  let copied = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === quote) {
      i = endOfString(text, i)
    } else if (char === openBrace || char === openBracket) {
      if (++depth > maxDepth) throw tooDeep()
    } else if (char === closeBrace || char === closeBracket) {
      depth--
    } else if (char === colon) {
      names++
    } else if (isDigit(char) || char === minus || char === upperN || char === upperI) {
      const end = endOfSafeNumber(text, i)
      if (end > i) {
        i = end - 1
        continue
      }
      number.lastIndex = i
      const token = number.exec(text)?.[0]
      if (token === undefined) continue
      if (isUnsafe(token)) {
        // In quotes it would be a name.
        colonNext.lastIndex = i + token.length
        if (colonNext.test(text)) throw new BadRequest('body must be JSON: a name must be a string')
        quoted += `${text.slice(copied, i)}"${token}"`
        copied = i + token.length
      }
      i += token.length - 1
    }
  }
  return { text: copied === 0 ? text : quoted + text.slice(copied), names }
}

export function tooDeep (): Error {
  return new BadRequest(`body must not be nested deeper than ${maxDepth} levels`)
}

function isDigit (char: number): boolean {
  return char >= zero! && char <= nine!
}

/** Where a number ends that is certainly safe, as most are: a short one without an exponent. Of others, where it begins. */
function endOfSafeNumber (text: string, start: number): number {
  let end = start
  let char = text.charCodeAt(end)
  while (isDigit(char) || char === dot) char = text.charCodeAt(++end)
  return end - start > 15 || char === lowerE || char === upperE ? start : end
}

function isUnsafe (token: string): boolean {
  const value = Number(token)
  return !Number.isFinite(value) || (token.length > 15 && /^-?\d+$/.test(token) && !Number.isSafeInteger(value))
}
