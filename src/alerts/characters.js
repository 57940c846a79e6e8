// Kinds of characters, as the masking of a text sees them. Plain JavaScript, because a thread runs it.

export const letter = 1
/** A character that no hexadecimal number has. */
export const notHex = 2
export const digit = 4
export const upper = 8
export const lower = 16
export const dot = 32
export const slash = 64
export const backslash = 128
export const colon = 256
export const atSign = 512
/** Another character that may stand within a token, such as `-` and `#`. */
const joiner = 1024
/** A character that ends a token: a bracket, a quote, a comma, `=` and the like. */
export const stop = 2048
export const blank = 4096
/** A letter or a sign of a script that does not mix with Latin letters within a word. */
export const other = 8192

/** First characters of the blocks of ten digits in other scripts: Arabic, Devanagari, Thai, full width and others. */
const firstDigits = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
  0x1040, 0x1090, 0x17e0, 0x1810, 0xff10
]
/** Ranges of Latin letters with their marks: [first, last]. */
const latin = /** @type {const} */ ([[0xc0, 0xd6], [0xd8, 0xf6], [0xf8, 0x24f], [0x300, 0x36f], [0x1e00, 0x1eff]])
const blanks = '\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029' +
  '\u202f\u205f\u3000\ufeff'

/** Kind of each UTF-16 code unit. */
export const kinds = kindsOfAll()

function kindsOfAll () {
  const all = new Uint16Array(0x10000).fill(other)
  all.fill(blank, 0, 0x21)
  all.fill(stop, 0x21, 0x7f)
  all[0x7f] = blank
  for (const code of codesOf('-+#%&$*!?^~')) all[code] = joiner | notHex
  for (const code of codesOf('0123456789')) all[code] = digit
  for (const code of codesOf('abcdefghijklmnopqrstuvwxyz')) all[code] = letter | lower | (code > 0x66 ? notHex : 0)
  for (const code of codesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ')) all[code] = letter | upper | (code > 0x46 ? notHex : 0)
  all[0x5f] = letter | notHex
  all[0x2e] = dot
  all[0x2f] = slash
  all[0x5c] = backslash | notHex
  all[0x3a] = colon
  all[0x40] = atSign | notHex
  for (const [first, last] of latin) all.fill(letter | lower | notHex, first, last + 1)
  for (const first of firstDigits) all.fill(digit | notHex, first, first + 10)
  for (const code of codesOf(blanks)) all[code] = blank
  return all
}

/** @param {string} characters */
function codesOf (characters) {
  return Array.from(characters, (character) => character.charCodeAt(0))
}

/**
 * A set of signs of ASCII: 1 at the code of each.
 * @param {string} signs
 */
export function setOfSigns (signs) {
  const set = new Uint8Array(0x80)
  for (const code of codesOf(signs)) set[code] = 1
  return set
}

/**
 * Whether characters of a kind are digits of hexadecimal numbers.
 * @param {number} kind
 */
export function isHexDigit (kind) {
  return (kind & (letter | digit)) !== 0 && (kind & notHex) === 0
}
