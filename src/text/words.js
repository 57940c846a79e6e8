// What a word is. Plain JavaScript: the threads of the embedded database and of the word index run it, too.
import { valuePiece, withoutEscapes } from './fold.js'

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

/**
 * The words of a run of one kind of letters.
 * @param {string} run
 */
function wordsOfRun (run) {
  if (!isUnspacedLetter.test(run)) return [run]
  const letters = Array.from(run)
  return letters.slice(1).map((letter, index) => letters[index] + letter)
}

/** What an ASCII character is folded to in a word; 0 where it is none of a word's. */
export const asciiWord = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase()
  return isSpacedCharacter.test(character) ? character.charCodeAt(0) : 0
})

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

/**
 * Whether a pattern may cut no word in half at its start.
 * @param {readonly string[]} pattern
 */
export const startsWord = (pattern) => isSpacedCharacter.test(Array.from(pattern[0] ?? '')[0] ?? '')

/**
 * Whether a pattern may cut no word in half at its end.
 * @param {readonly string[]} pattern
 */
export const endsWord = (pattern) => isSpacedCharacter.test(Array.from(pattern.at(-1) ?? '').at(-1) ?? '')

/**
 * Whether a pattern is open at both ends, as `*ment*`: it is looked for in a text as it was sent, escape sequences included.
 * So a database can look for it there alone, in which such patterns, of all, have to read every text.
 * @param {readonly string[]} pattern
 */
export function isOpen (pattern) {
  return pattern.length > 1 && pattern[0] === '' && pattern.at(-1) === ''
}

/**
 * Whether the character that ends before this index joins the next one to its word.
 * @param {string} text
 * @param {number} at
 */
export function isWordBefore (text, at) {
  if (at === 0) return false
  const code = text.charCodeAt(at - 1)
  if (code < 128) return asciiWord[code] !== 0
  return isSpacedCharacter.test(text.slice(isLowSurrogate(code) ? Math.max(at - 2, 0) : at - 1, at))
}

/**
 * Whether the character at this index joins the one before it to its word.
 * @param {string} text
 * @param {number} at
 */
export function isWordAt (text, at) {
  if (at >= text.length) return false
  const code = text.charCodeAt(at)
  return code < 128 ? asciiWord[code] !== 0 : isSpacedCharacter.test(String.fromCodePoint(text.codePointAt(at) ?? code))
}

/** @param {number} code */
function isLowSurrogate (code) {
  return code >= 0xDC00 && code <= 0xDFFF
}
