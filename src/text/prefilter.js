// Text that every match of a pattern contains, for a cheap test before the exact one.
// Plain JavaScript, because the threads of the embedded database and of the word index run it, too.
import { RE2JS } from 're2js'
import { fold, isAscii } from './fold.js'
import { isOpen } from './words.js'

const isHangul = /[\u{AC00}-\u{D7A3}]/u
const isMark = /[\p{M}\u{1100}-\u{11FF}]/u

/**
 * Ranges of all letters that change when they are composed or decomposed, but for Hangul.
 * @type {ReadonlyArray<readonly [from: number, to: number]>}
 */
const changingRanges = [
  [0xC0, 0x1FFF], [0x2000, 0x30FF], [0xF900, 0xFB4F], [0x10500, 0x119FF],
  [0x16100, 0x16DFF], [0x1D100, 0x1D1FF], [0x2F800, 0x2FA1F]
]
/** @type {Set<string> | undefined} */
let changing

/** Folded letters that a text may write in another way: `é` is also `e` with an accent. */
function changingLetters () {
  if (changing === undefined) {
    changing = new Set('σ')
    for (const [from, to] of changingRanges) {
      for (let code = from; code <= to; code++) {
        const letter = String.fromCodePoint(code)
        if (letter.normalize('NFD') === letter) continue
        for (const other of fold(letter.normalize('NFC'))) changing.add(other)
      }
    }
  }
  return changing
}

/**
 * Pieces that every text contains, unchanged, in which a pattern is found: for a database that compares letter by
 * letter. They are fewer and shorter than the pattern's.
 * @param {readonly string[]} pattern folded pieces, with any text between two of them
 * @returns {{ pieces: string[], isExact: boolean, isHangul: boolean }} isExact: every text with the pieces matches the
 * pattern; isHangul: texts without them may match it, too, if they have Hangul in parts
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
    // A mark may follow an open end, and change the last letter.
    isExact: pieces.length === 1,
    isHangul: pattern.some((piece) => isHangul.test(piece))
  }
}

/**
 * As `steadyPieces`, for a pattern for messages: any white space may be between its words. A text may have escape
 * sequences there, too, unless the pattern is open.
 * @param {readonly string[]} pattern
 */
export function steadyMessagePieces (pattern) {
  const parts = pattern.flatMap((piece) => piece.split(' '))
  const { isExact, ...others } = steadyPieces(parts)
  return { ...others, isExact: isExact && isOpen(pattern) && parts.length === pattern.length }
}

/**
 * Longest run of ASCII, as by `plainRun`, in a pattern for messages. Every text in which the pattern is found contains
 * it, or else escape sequences.
 * @param {readonly string[]} pattern
 */
export function plainRunOfWords (pattern) {
  // Once composed, letters beyond ASCII become `;` and "`".
  return plainRun(pattern, 'ik;` ')
}

/** Characters of a run: longer ones would rule out hardly any more texts. */
const maxRunLength = 32

/**
 * Longest run of ASCII in some texts, in lower case, for a cheap test of bytes before the exact one of letters. It has
 * none of the `ambiguous` letters, to which letters beyond ASCII fold. Empty for none.
 * @param {readonly string[]} texts
 * @param {string} ambiguous
 * @returns {string}
 */
function plainRun (texts, ambiguous) {
  const gap = new RegExp(`[^!-~ ]|[${ambiguous}]`, 'i')
  const runs = texts.flatMap((text) => text.split(gap))
  const longest = runs.reduce((longest, run) => run.length > longest.length ? run : longest, '')
  return longest.slice(0, maxRunLength).toLowerCase()
}

/**
 * Run of ASCII, in lower case, that every match of an expression contains in some case; empty if none is known.
 * @param {string} source
 * @returns {string}
 */
export function plainRunOfRegex (source) {
  // Compiled with case, because without it RE2JS has no prefilter for letters. To RE2JS `ſ` is an `s`.
  return plainRun(textsOf(RE2JS.compile(source).re2().prefilter), 'iks')
}

/** @typedef {{ type: number, str: string, subs: Prefilter[] } | null | undefined} Prefilter */

/**
 * Texts that RE2JS's prefilter requires: type 1 is a text, 2 requires all of its parts; others require none for
 * certain.
 * @param {Prefilter} prefilter
 * @returns {string[]}
 */
function textsOf (prefilter) {
  if (prefilter?.type === 1) return [prefilter.str]
  return prefilter?.type === 2 ? prefilter.subs.flatMap(textsOf) : []
}
