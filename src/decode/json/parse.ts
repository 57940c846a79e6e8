import { isUtf8 } from 'node:buffer'
import secureJson from 'secure-json-parse'
import { BadRequest } from '../../errors.ts'
import { countNames, parseWithRepeats } from './repeated-names.ts'
import { endOfTextString } from './strings.ts'

/** Levels of JSON: Python's own encoder stops a little below; with more a parser could need gigabytes. */
export const maxDepth = 1000

/**
 * Parses JSON as real senders write it.
 *
 * Stricter than `JSON.parse`: the bytes must be UTF-8, at most 1,000 levels deep, without `__proto__`. And more
 * tolerant: Python's `NaN`, `Infinity` and `-Infinity`, and numbers that a double cannot hold (whole ones beyond 2^53,
 * any beyond 1.8e308), become strings of the same text. Throws BadRequest, whose detail quotes nothing of the body.
 */
export function parseJson (body: Buffer): unknown {
  if (!isUtf8(body)) throw new BadRequest('body must be UTF-8')
  return parse(body, forbiddenNames.some((name) => body.includes(name)))
}

/** Parses a piece of a body. Throws BadRequest. */
export type Parse = (piece: Buffer) => unknown

/** Makes a parser for pieces of a body, like parseJson: what holds for the whole body is checked only here. */
export function parserOf (body: Buffer): Parse {
  if (!isUtf8(body) || forbiddenNames.some((name) => body.includes(name))) return parseJson
  return (piece) => parse(piece, false)
}

/** If the body has one of these, plain or with escaped ASCII letters, secure-json-parse checks it exactly. */
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
  if (message === 'Object contains forbidden prototype property') {
    return 'body must not have __proto__ or constructor.prototype as a field'
  }
  const position = / at position (\d+)/.exec(message)?.[1]
  if (position === undefined) return 'body must be JSON'
  return `body must be JSON: unexpected character at position ${position}`
}

const number = /NaN|-?(?:Infinity|(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y

const colonNext = /[ \t\n\r]*:/y

const [quote, minus, dot, colon, upperE, upperI, upperN] = Buffer.from('"-.:EIN')
const [openBracket, closeBracket, lowerE, openBrace, closeBrace] = Buffer.from('[]e{}')

/** Quotes unsafe numbers, and counts the names. Strings are skipped natively: little is outside of them. */
function walk (text: string): { text: string, names: number } {
  let names = 0
  let quoted = ''
  let copied = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === quote) {
      i = endOfTextString(text, i) - 1
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
  return char >= 0x30 && char <= 0x39
}

/** End of a number that is safe for certain, as most are: short and without an exponent. Else its start. */
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
