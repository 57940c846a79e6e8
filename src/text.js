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

const escape = '\u001b'
const bell = '\u0007'

/**
 * Escape sequences of terminals (ECMA-48): of colours and modes, of titles and links, of character sets. Sequences that
 * move the cursor are alone in the first group: they part what stands beside them.
 */
const escapeSequence = new RegExp(`${escape}(?:\\[[0-?]*(?:[mKhl]| q|([!-/]*[@-~]))|\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\)|[PX^_][^${escape}]*${escape}\\\\|[#%(-/][0-~]|[6-9=>c])`, 'g')

/**
 * The text as a terminal shows it, without escape sequences. What is none stays.
 * @param {string} text
 * @returns {string}
 */
function withoutEscapes (text) {
  return text.includes(escape) ? text.replaceAll(escapeSequence, (_, moves) => moves === undefined ? '' : ' ') : text
}

/** With one blank for any white space. */
function withSingleBlanks (text) {
  return /[^\S ]| {2}/.test(text) ? text.replaceAll(/\s+/g, ' ') : text
}

/**
 * A piece of a pattern for messages, as `wordsTest` takes it.
 * @param {string} text
 * @returns {string}
 */
export function messagePiece (text) {
  return withSingleBlanks(valuePiece(withoutEscapes(text)))
}

/**
 * A piece of a pattern for whole values, as `likeTest` takes it.
 * @param {string} text
 * @returns {string}
 */
export function valuePiece (text) {
  // Each letter in one with its marks, and a sigma at the end of a word as any other.
  return fold(text.normalize('NFC')).replaceAll('ς', 'σ')
}

// Letters of the scripts that put no blanks between words, or, as Hangul, few: there a word may begin and end anywhere.
const unspacedLetter = '[[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmr}\\p{scx=Mymr}]&&[\\p{L}\\p{M}\\p{N}]]'
const spacedCharacter = `[[\\p{L}\\p{M}\\p{N}_]--${unspacedLetter}]`
/** A character that joins its neighbours to a word. */
const isSpacedCharacter = new RegExp(spacedCharacter, 'v')
const isUnspacedLetter = new RegExp(unspacedLetter, 'v')
const wordPattern = new RegExp(`${spacedCharacter}+|${unspacedLetter}+`, 'gv')

/** How words are taken out of texts: an index that was made by other rules is not asked. */
export const wordRules = 2

/**
 * The words of a text, folded: the longest runs of letters, marks, digits and `_`. Of scripts without blanks, each two
 * neighbours are a word.
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf (text) {
  return (valuePiece(withoutEscapes(text)).match(wordPattern) ?? []).flatMap(wordsOfRun)
}

/** A run is of one kind of letters. */
function wordsOfRun (run) {
  if (!isUnspacedLetter.test(run)) return [run]
  const letters = Array.from(run)
  return letters.slice(1).map((letter, index) => letters[index] + letter)
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
  return isSpacedCharacter.test(character) ? character.charCodeAt(0) : 0
})

const escapeCode = escape.charCodeAt(0)

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
    if (code > 127 || code === escapeCode) return addAnyFingerprints(set, text)
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
}

/**
 * The words, folded, that every text holds in which the pattern is found with no half word at an end that is not open.
 * @param {readonly string[]} pattern folded pieces, between which there may be anything
 * @returns {string[]}
 */
export function wholeWordsOf (pattern) {
  return pattern.flatMap((piece, index) => Array.from(piece.matchAll(wordPattern))
    .filter(({ 0: run, index: at }) => isUnspacedLetter.test(run) || ((at > 0 || index === 0) && (at + run.length < piece.length || index === pattern.length - 1)))
    .flatMap(([run]) => wordsOfRun(run)))
}

/** Whether a pattern may cut no word in half at its start. */
const startsWord = (pattern) => isSpacedCharacter.test(Array.from(pattern[0])[0] ?? '')

/** Whether a pattern may cut no word in half at its end. */
const endsWord = (pattern) => isSpacedCharacter.test(Array.from(pattern.at(-1)).at(-1) ?? '')

/**
 * Whether a pattern is open at both ends, as `*ment*`: it is looked for in a text as it was sent, escape sequences included.
 * So a database can look for it there alone, in which such patterns, of all, have to read every text.
 * @param {readonly string[]} pattern
 */
export function isOpen (pattern) {
  return pattern.length > 1 && pattern[0] === '' && pattern.at(-1) === ''
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

/** Whether the character that ends before this place joins what follows to its word. */
function isWordBefore (text, at) {
  if (at === 0) return false
  const code = text.charCodeAt(at - 1)
  if (code < 128) return asciiWord[code] !== 0
  return isSpacedCharacter.test(text.slice(isLowSurrogate(code) ? Math.max(at - 2, 0) : at - 1, at))
}

/** Whether the character at this place joins what stands before to its word. */
function isWordAt (text, at) {
  if (at >= text.length) return false
  const code = text.charCodeAt(at)
  return code < 128 ? asciiWord[code] !== 0 : isSpacedCharacter.test(String.fromCodePoint(text.codePointAt(at)))
}

function isLowSurrogate (code) {
  return code >= 0xDC00 && code <= 0xDFFF
}

/**
 * What is done to a text before it is compared, beside folding: each a bit of a form. A pattern of ASCII alone finds the
 * same in a text as it came: so a database can look for it there, too.
 */
const shown = 1
const composed = 2
const singleBlanks = 4

/** @param {readonly string[]} pattern */
function formFor (pattern) {
  return pattern.every(isAscii) ? 0 : composed
}

function isAscii (text) {
  return !/\P{ASCII}/u.test(text)
}

let lastText = ''
/** @type {string[]} by their form */
let lastForms = []

/** A query with many words asks for the same text again and again. */
function formOf (text, form) {
  if (text !== lastText) {
    lastText = text
    lastForms = []
  }
  lastForms[form] ??= makeForm(text, form)
  return lastForms[form]
}

function makeForm (text, form) {
  const plain = form & shown ? withoutEscapes(text) : text
  const whole = form & singleBlanks ? withSingleBlanks(plain) : plain
  return form & composed ? valuePiece(whole) : fold(whole)
}

/**
 * Whether a text, as a terminal shows it, holds the pattern, in any case, whatever the white space, with no half word at an
 * end that is not open. Each piece is looked for after the one before: the leftmost place is as good as any, so that
 * nothing is ever tried twice.
 * @param {readonly string[]} pattern folded pieces, between which there may be anything
 * @returns {(text: string) => boolean}
 */
export function wordsTest (pattern) {
  const last = pattern.length - 1
  const finders = pattern.map(finderOf)
  const isClosedBefore = startsWord(pattern)
  const isClosedAfter = endsWord(pattern)
  const form = formFor(pattern) | (isOpen(pattern) ? 0 : shown) | (pattern.some((piece) => piece.includes(' ')) ? singleBlanks : 0)
  return (text) => {
    const folded = formOf(text, form)
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
export function likeTest (pattern) {
  const [first, ...others] = pattern
  const form = formFor(pattern)
  const last = others.at(-1)
  const between = others.slice(0, -1)
  const finders = between.map(finderOf)
  return (text) => {
    const folded = formOf(text, form)
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

const isHangul = /[\u{AC00}-\u{D7A3}]/u
const isMark = /[\p{M}\u{1100}-\u{11FF}]/u

/** Where all letters stand that are more than one letter, or another, once they are composed or decomposed, but for Hangul. */
const changingRanges = [[0xC0, 0x1FFF], [0x2000, 0x30FF], [0xF900, 0xFB4F], [0x10500, 0x119FF], [0x16100, 0x16DFF], [0x1D100, 0x1D1FF], [0x2F800, 0x2FA1F]]
/** @type {Set<string> | undefined} */
let changing

/** Letters, folded, in the place of which a text may hold others that mean the same: `é` is `e` with an accent, too. */
function changingLetters () {
  if (changing === undefined) {
    changing = new Set('σ')
    for (const [from, to] of changingRanges) {
      for (let code = from; code <= to; code++) {
        const letter = String.fromCodePoint(code)
        if (letter.normalize('NFD') !== letter) for (const other of fold(letter.normalize('NFC'))) changing.add(other)
      }
    }
  }
  return changing
}

/**
 * What every text holds as it came in which a pattern is found, for a database that compares letter by letter: fewer and
 * shorter pieces.
 * @param {readonly string[]} pattern folded pieces, between which there may be anything
 * @returns {{ pieces: string[], isExact: boolean, isHangul: boolean }} whether every text that holds them is meant; and
 * whether others may be, too, which hold Hangul in parts
 */
export function steadyPieces (pattern) {
  if (pattern.every(isAscii)) return { pieces: [...pattern], isExact: true, isHangul: false }
  const letters = changingLetters()
  const pieces = pattern.flatMap((piece) => {
    const parts = ['']
    for (const letter of piece) {
      if (isMark.test(letter) || letters.has(letter)) parts.push('')
      else parts[parts.length - 1] += letter
    }
    return parts
  })
  return {
    pieces: pieces.filter((piece, index) => piece !== '' || index === 0 || index === pieces.length - 1),
    // At an open end a mark may follow that changes the last letter.
    isExact: pieces.length === 1,
    isHangul: pattern.some((piece) => isHangul.test(piece))
  }
}

/**
 * The same of a pattern for messages, between whose words there may be any white space. A text may also hold escape
 * sequences instead, unless the pattern is open.
 * @param {readonly string[]} pattern
 */
export function steadyMessagePieces (pattern) {
  const parts = pattern.flatMap((piece) => piece.split(' '))
  const { isExact, ...others } = steadyPieces(parts)
  return { ...others, isExact: isExact && isOpen(pattern) && parts.length === pattern.length }
}

/**
 * The longest run of ASCII of a pattern for messages, as `plainRun`, that every text holds in which it is found, or else
 * escape sequences.
 * @param {readonly string[]} pattern
 */
export function plainRunOfWords (pattern) {
  // Once composed, letters beyond ASCII become `;` and "`".
  return plainRun(pattern, 'ik;` ')
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

/** Names of a path up to which all ways to join them are tried, and up to which it is tried to join them to two. */
const maxFreeNames = 6
const maxPairedNames = 32

/** @type {WeakMap<readonly string[], string[][]>} */
const readings = new WeakMap()

/**
 * The ways in which a dotted name may stand in attributes, the first that is there counts: `a.b.c` as one name, as nested
 * objects, and as nested objects whose names have dots. After `attributes.` a name is one of the record's attributes,
 * whatever else has that name; it may also be one of an attribute of that name.
 * @param {readonly string[]} path
 * @returns {string[][]}
 */
export function readingsOf (path) {
  let known = readings.get(path)
  if (known === undefined) {
    const [first, ...others] = path
    known = first === 'attributes' && others.length > 0 ? [...joinsOf(others), ...joinsOf(path)] : joinsOf(path)
    readings.set(path, known)
  }
  return known
}

/** @param {readonly string[]} path */
function joinsOf (path) {
  const whole = path.join('.')
  if (path.length === 1) return [[whole]]
  if (path.length <= maxFreeNames) {
    // Each bit of a number says whether there is a joint; all bits are last, but come second.
    const ways = Array.from({ length: 2 ** (path.length - 1) }, (_, bits) => path.slice(1).reduce((names, name, index) => {
      if (bits >> index & 1) names.push(name)
      else names[names.length - 1] += `.${name}`
      return names
    }, [path[0]]))
    return [ways[0], ways.at(-1), ...ways.slice(1, -1)]
  }
  const pairs = path.length > maxPairedNames ? [] : path.slice(1).map((_, index) => [path.slice(0, index + 1).join('.'), path.slice(index + 1).join('.')])
  return [[whole], [...path], ...pairs]
}

/**
 * What the attributes hold at a path.
 * @param {Record<string, unknown> | null} attributes
 * @param {readonly string[]} path
 * @returns {unknown} undefined where there is nothing
 */
export function valueAt (attributes, path) {
  if (attributes === null) return undefined
  for (const names of readingsOf(path)) {
    const value = names.reduce((value, name) => isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined, attributes)
    if (value !== undefined) return value
  }
  return undefined
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

/** A text that is a number, too: its digits are so few that a database can compare them exactly. */
export const numeral = '^-?[0-9]{1,30}([.][0-9]{1,30})?([eE][-+]?[0-9]{1,2})?'
const isNumeral = new RegExp(`${numeral}$`)

/**
 * Whether a number, or a text that is one, compares so with the number of a query. Digits of texts are compared exactly,
 * exponents as floating point.
 * @param {unknown} value
 * @param {import('./query/filter.ts').Comparison} comparison
 * @param {string} number
 */
export function compares (value, comparison, number) {
  if (typeof value === 'number') return holds(value, comparison, Number(number))
  if (typeof value !== 'string' || !isNumeral.test(value)) return false
  return isDecimal(value) && isDecimal(number) ? holds(digitsOf(value), comparison, digitsOf(number)) : holds(Number(value), comparison, Number(number))
}

/**
 * Whether a text is a number that is compared by its digits.
 * @param {string} text
 */
export function isDecimal (text) {
  return isNumeral.test(text) && !/e/i.test(text)
}

/** In units of the thirtieth digit behind the point. */
function digitsOf (text) {
  const [whole, fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(30, '0'))
}

/**
 * @template {number | bigint} Number
 * @param {Number} one
 * @param {import('./query/filter.ts').Comparison} comparison
 * @param {Number} other
 */
function holds (one, comparison, other) {
  switch (comparison) {
    case '=': return one === other
    case '<': return one < other
    case '<=': return one <= other
    case '>': return one > other
    case '>=': return one >= other
  }
}
