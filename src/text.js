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

/** Whether a pattern may cut no word in half at its start. */
const startsWord = (pattern) => isWordCharacter.test(Array.from(pattern[0])[0] ?? '')

/** Whether a pattern may cut no word in half at its end. */
const endsWord = (pattern) => isWordCharacter.test(Array.from(pattern.at(-1)).at(-1) ?? '')

/**
 * Whether a pattern is found wherever its pieces follow each other: it cuts no word, whatever stands beside it.
 * @param {readonly string[]} pattern folded pieces, between which there may be anything
 * @returns {boolean}
 */
export function cutsNoWord (pattern) {
  return !startsWord(pattern) && !endsWord(pattern)
}

/** Longest piece, in characters, that indexOf() looks for: in the worst case it compares every piece with every place. */
const longestByIndexOf = 32

const anywhere = () => true

/**
 * Makes a search for the first place, from one on, where a piece stands and fits; -1 where there is none. Its time is
 * linear in the text.
 * @param {string} piece
 * @returns {(text: string, from: number, fits: (at: number) => boolean) => number}
 */
function finderOf (piece) {
  if (piece.length > longestByIndexOf) return longFinderOf(piece)
  return (text, from, fits) => {
    let at = text.indexOf(piece, from)
    while (at !== -1 && !fits(at)) at = at < text.length ? text.indexOf(piece, at + 1) : -1
    return at
  }
}

/** As finderOf, in one pass over the text (Knuth, Morris and Pratt), however often the piece nearly stands there. */
function longFinderOf (piece) {
  // borders[n]: the length of the longest text that both begins and ends the first n characters, and is shorter.
  const borders = new Uint16Array(piece.length + 1)
  for (let at = 1, border = 0; at < piece.length; at++) {
    while (border > 0 && piece[at] !== piece[border]) border = borders[border]
    if (piece[at] === piece[border]) border++
    borders[at + 1] = border
  }
  return (text, from, fits) => {
    for (let at = from, matched = 0; at < text.length; at++) {
      while (matched > 0 && text[at] !== piece[matched]) matched = borders[matched]
      if (text[at] === piece[matched]) matched++
      if (matched < piece.length) continue
      const start = at + 1 - matched
      if (fits(start)) return start
      matched = borders[matched]
    }
    return -1
  }
}

/** Whether the character that ends before this place is one of a word's. */
function isWordBefore (text, at) {
  if (at === 0) return false
  const code = text.charCodeAt(at - 1)
  if (code < 128) return asciiWord[code] !== 0
  return isWordCharacter.test(text.slice(isLowSurrogate(code) ? Math.max(at - 2, 0) : at - 1, at))
}

/** Whether the character at this place is one of a word's. */
function isWordAt (text, at) {
  if (at >= text.length) return false
  const code = text.charCodeAt(at)
  return code < 128 ? asciiWord[code] !== 0 : isWordCharacter.test(String.fromCodePoint(text.codePointAt(at)))
}

function isLowSurrogate (code) {
  return code >= 0xDC00 && code <= 0xDFFF
}

let lastText = ''
let lastFolded = ''

/** As fold: a query with many words asks for the same text again and again. */
function foldAgain (text) {
  if (text !== lastText) {
    lastFolded = fold(text)
    lastText = text
  }
  return lastFolded
}

/**
 * Whether a text holds the pattern, in any case, with no half word at an end that is not open. Each piece is looked for
 * after the one before: the leftmost place is as good as any, so that nothing is ever tried twice.
 * @param {readonly string[]} pattern folded pieces, between which there may be anything
 * @returns {(text: string) => boolean}
 */
export function wordsTest (pattern) {
  const last = pattern.length - 1
  const finders = pattern.map(finderOf)
  const isClosedBefore = startsWord(pattern)
  const isClosedAfter = endsWord(pattern)
  return (text) => {
    const folded = foldAgain(text)
    let at = 0
    for (const [index, find] of finders.entries()) {
      const fits = (start) => !(index === 0 && isClosedBefore && isWordBefore(folded, start)) &&
        !(index === last && isClosedAfter && isWordAt(folded, start + pattern[index].length))
      const start = find(folded, at, fits)
      if (start === -1) return false
      at = start + pattern[index].length
    }
    return true
  }
}

/**
 * Whether a whole text is like the pattern, in any case.
 * @param {readonly string[]} pattern
 * @returns {(text: string) => boolean}
 */
export function likeTest ([first, ...others]) {
  const last = others.at(-1)
  const between = others.slice(0, -1)
  const finders = between.map(finderOf)
  return (text) => {
    const folded = foldAgain(text)
    if (last === undefined) return folded === first
    if (!folded.startsWith(first)) return false
    let at = first.length
    for (const [index, find] of finders.entries()) {
      const start = find(folded, at, anywhere)
      if (start === -1) return false
      at = start + between[index].length
    }
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

/** Characters of a run: more would leave out hardly any other text. */
const maxRun = 32

/**
 * The longest run of ASCII in some texts, in lower case, for a cheap test of bytes before the exact one of letters. Without
 * those to which letters beyond ASCII fold, too; empty where there is none.
 * @param {readonly string[]} texts
 * @param {string} ambiguous
 * @returns {string}
 */
export function plainRun (texts, ambiguous = 'ik') {
  const gap = new RegExp(`[^!-~ ]|[${ambiguous}]`, 'i')
  return texts.flatMap((text) => text.split(gap)).reduce((longest, run) => run.length > longest.length ? run : longest, '').slice(0, maxRun).toLowerCase()
}

/**
 * A run of ASCII, in lower case, that every match of an expression holds in one case or another; empty where none is known.
 * @param {string} source
 * @returns {string}
 */
export function plainRunOfRegex (source) {
  // Compiled as if case mattered, because RE2JS tells none of a text that has several cases. To it `ſ` is an `s`.
  return plainRun(textsOf(RE2JS.compile(source).re2().prefilter), 'iks')
}

/** Of RE2JS's prefilter: 1 stands for a text, 2 for all of its parts; null and the others tell of none. */
function textsOf (prefilter) {
  if (prefilter?.type === 1) return [prefilter.str]
  return prefilter?.type === 2 ? prefilter.subs.flatMap(textsOf) : []
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
