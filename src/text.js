// How texts are compared and what a word is, for all who look into logs: the query language, its
// functions in the thread of the embedded database (which is why this is plain JavaScript), and
// the index of words.
import { RE2JS } from 're2js'

/**
 * Capitals that MySQL's and MariaDB's LOWER() leave alone in utf8mb4_bin, whose table of cases is
 * that of Unicode 3: here they stay as they are, too. Found by comparing all of Unicode.
 */
const unpaired = /[\u0220\u023A-\u023E\u0241-\u024E\u0370-\u0376\u037F\u03CF\u03D8\u03F4\u03F7-\u03FA\u03FD-\u03FF\u048A\u04C0\u04C5\u04C9\u04CD\u04F6\u04FA-\u052E\u10A0-\u10CD\u13A0-\u13F5\u1C89-\u1CBF\u1E9E\u1EFA-\u1EFE\u2132\u2183\u2C00-\u2C2F\u2C60-\u2CF2\uA640-\uA7F5\u{10400}-\u{10427}\u{104B0}-\u{104D3}\u{10570}-\u{10595}\u{10C80}-\u{10CB2}\u{10D50}-\u{10D65}\u{118A0}-\u{118BF}\u{16E40}-\u{16E5F}\u{16EA0}-\u{16EB8}\u{1E900}-\u{1E921}]/u

/** What toLowerCase() makes two characters of, or one that depends on its neighbours, or leaves unpaired elsewhere. */
const special = new RegExp(`[İΣ]|${unpaired.source}`, 'u')

/**
 * The text without the difference of upper and lower case, character by character as the
 * databases' LOWER() has it.
 * @param {string} text
 * @returns {string}
 */
export function fold (text) {
  return special.test(text) ? Array.from(text, foldCharacter).join('') : text.toLowerCase()
}

/** @param {string} character */
function foldCharacter (character) {
  if (character === 'İ') return 'i'
  return unpaired.test(character) ? character : character.toLowerCase()
}

const wordCharacter = '[\\p{L}\\p{M}\\p{N}_]'
const isWordCharacter = new RegExp(wordCharacter, 'u')
const wordPattern = new RegExp(`${wordCharacter}+`, 'gu')

/**
 * The words of a text, folded: the longest runs of letters, marks, digits and `_`.
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf (text) {
  return fold(text).match(wordPattern) ?? []
}

/** The index of words keeps those of a block in so many slices. */
export const slices = 64

/**
 * A word as the index knows it: a number of 30 bits, of which the upper six are the slice.
 * @param {string} word folded
 * @returns {number}
 */
export function fingerprintOf (word) {
  let hash = hashStart
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), hashFactor)
  return mix(hash)
}

// FNV-1a, and what spreads its bits (MurmurHash3).
const hashStart = 0x811c9dc5
const hashFactor = 0x01000193

/** @param {number} hash */
function mix (hash) {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 2
}

/** What an ASCII character is folded to in a word; 0 where it is none of a word's. */
const asciiWord = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase()
  return isWordCharacter.test(character) ? character.charCodeAt(0) : 0
})

/**
 * Adds the fingerprints of all words of a text to a set: as of `wordsOf`, but several times as fast.
 * @param {Set<number>} set
 * @param {string} text
 */
export function addFingerprints (set, text) {
  let hash = hashStart
  let inside = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127) return addAnyFingerprints(set, text)
    const character = asciiWord[code]
    if (character !== 0) {
      hash = Math.imul(hash ^ character, hashFactor)
      inside = true
    } else if (inside) {
      set.add(mix(hash))
      hash = hashStart
      inside = false
    }
  }
  if (inside) set.add(mix(hash))
}

/**
 * @param {Set<number>} set
 * @param {string} text
 */
function addAnyFingerprints (set, text) {
  for (const word of wordsOf(text)) set.add(fingerprintOf(word))
  // A database may not know the newest letters yet, and take them for gaps.
  const known = text.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, ' ')
  if (known !== text) for (const word of wordsOf(known)) set.add(fingerprintOf(word))
}

/**
 * The words, folded, that every text holds in which the pattern is found with no half word at an end that is not open.
 * @param {readonly string[]} pattern folded pieces, between which there may be anything
 * @returns {string[]}
 */
export function wholeWordsOf (pattern) {
  return pattern.flatMap((piece, index) => Array.from(piece.matchAll(wordPattern))
    .filter(({ 0: word, index: at }) => (at > 0 || index === 0) && (at + word.length < piece.length || index === pattern.length - 1))
    .map(([word]) => word))
}

/**
 * The regular expression that finds a pattern in a folded text with no half word at an end that
 * is not open: for V8, PCRE (MariaDB) and ICU (MySQL) alike.
 * @param {readonly string[]} pattern folded pieces, between which there may be anything
 * @returns {string}
 */
export function wordsExpression (pattern) {
  const first = Array.from(pattern[0])[0] ?? ''
  const last = Array.from(pattern.at(-1)).at(-1) ?? ''
  const start = isWordCharacter.test(first) ? `(?<!${wordCharacter})` : ''
  const end = isWordCharacter.test(last) ? `(?!${wordCharacter})` : ''
  return start + pattern.map(escape).join('[\\s\\S]*?') + end
}

/** @param {string} text */
function escape (text) {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/**
 * Whether a text holds the pattern as whole words, in any case.
 * @param {readonly string[]} pattern
 * @returns {(text: string) => boolean}
 */
export function wordsTest (pattern) {
  const expression = new RegExp(wordsExpression(pattern), 'u')
  return (text) => expression.test(fold(text))
}

/**
 * Whether a whole text is like the pattern, in any case.
 * @param {readonly string[]} pattern
 * @returns {(text: string) => boolean}
 */
export function likeTest ([first, ...others]) {
  return (text) => {
    const folded = fold(text)
    if (others.length === 0) return folded === first
    if (!folded.startsWith(first)) return false
    let at = first.length
    for (const piece of others.slice(0, -1)) {
      const found = folded.indexOf(piece, at)
      if (found === -1) return false
      at = found + piece.length
    }
    const last = others.at(-1)
    return folded.length - last.length >= at && folded.endsWith(last)
  }
}

/**
 * Whether a text holds a match of a regular expression of RE2, which takes time in proportion to
 * the text whatever the expression. Upper and lower case are one unless it says `(?-i)`.
 * @param {string} source
 * @returns {(text: string) => boolean}
 */
export function regexTest (source) {
  const expression = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE)
  return (text) => expression.matcher(text).find()
}

/**
 * What the attributes hold at a path. A name of theirs may hold dots itself: `{"a.b": 1}` and
 * `{"a": {"b": 1}}` are both found at `a.b`.
 * @param {Record<string, unknown> | null} attributes
 * @param {readonly string[]} path
 * @returns {unknown} undefined where there is nothing
 */
export function valueAt (attributes, path) {
  const whole = path.join('.')
  if (attributes !== null && Object.hasOwn(attributes, whole)) return attributes[whole]
  return path.reduce((value, name) => isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined, attributes)
}

/** @param {any} value */
function isObject (value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A value as text; undefined where it is none, as an object, a list and null.
 * @param {unknown} value
 * @returns {string | undefined}
 */
export function asText (value) {
  return typeof value === 'object' || value === undefined ? undefined : String(value)
}
