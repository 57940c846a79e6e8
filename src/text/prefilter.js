// What every match of a pattern holds, for a cheap test before the exact one. Plain JavaScript: the threads of the embedded database and of the word index run it, too.
import { RE2JS } from 're2js'
import { fold, isAscii } from './fold.js'
import { isOpen } from './words.js'

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
