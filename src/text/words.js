// Words of texts and of patterns.
// Plain JavaScript, because the threads of the embedded database and of the word index run it, too.
import { valuePiece, withoutEscapes } from './fold.js'

/** Scripts with no blanks between words, or few, as Hangul: a word may begin and end anywhere. */
const unspacedScripts = ['Han', 'Hira', 'Kana', 'Bopo', 'Hang', 'Thai', 'Lao', 'Khmr', 'Mymr']
const unspacedLetter = `[[${unspacedScripts.map((script) => `\\p{scx=${script}}`).join('')}]&&[\\p{L}\\p{M}\\p{N}]]`
const spacedCharacter = `[[\\p{L}\\p{M}\\p{N}_]--${unspacedLetter}]`
/** Character that belongs to the same word as such characters beside it. */
const isSpacedCharacter = new RegExp(spacedCharacter, 'v')
const isUnspacedLetter = new RegExp(unspacedLetter, 'v')
const wordPattern = new RegExp(`${spacedCharacter}+|${unspacedLetter}+`, 'gv')

/** Version of the rules by which words are found: an index made by other rules is not used. */
export const wordRules = 2

/**
 * Folded words of a text: the longest runs of letters, marks, digits and `_`. In scripts without blanks, every two
 * neighbouring letters are a word.
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf (text) {
  return (valuePiece(withoutEscapes(text)).match(wordPattern) ?? []).flatMap(wordsOfRun)
}

/**
 * Words of a run of one kind of letters.
 * @param {string} run
 */
function wordsOfRun (run) {
  if (!isUnspacedLetter.test(run)) return [run]
  const letters = Array.from(run)
  return letters.slice(1).map((letter, index) => letters[index] + letter)
}

/** Code to which an ASCII character is folded in a word; 0 for one that belongs to no word. */
export const asciiWord = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase()
  return isSpacedCharacter.test(character) ? character.charCodeAt(0) : 0
})

/**
 * Folded words that any text matching the pattern must contain; words cut by an open place are skipped.
 * @param {readonly string[]} pattern folded pieces, with any text between two of them
 * @returns {string[]}
 */
export function wholeWordsOf (pattern) {
  const last = pattern.length - 1
  return pattern.flatMap((piece, index) => Array.from(piece.matchAll(wordPattern)).flatMap(({ 0: run, index: at }) => {
    const isCut = (at === 0 && index > 0) || (at + run.length === piece.length && index < last)
    return isCut && !isUnspacedLetter.test(run) ? [] : wordsOfRun(run)
  }))
}

/**
 * Whether the start of a match must be the start of a word.
 * @param {readonly string[]} pattern
 */
export const startsWord = (pattern) => isSpacedCharacter.test(Array.from(pattern[0] ?? '')[0] ?? '')

/**
 * Whether the end of a match must be the end of a word.
 * @param {readonly string[]} pattern
 */
export const endsWord = (pattern) => isSpacedCharacter.test(Array.from(pattern.at(-1) ?? '').at(-1) ?? '')

/**
 * Whether a pattern is open at both ends, as `*ment*`: it is searched in the text as it was sent, with its escape
 * sequences. So a database can search there: for such patterns it has to read every text anyway.
 * @param {readonly string[]} pattern
 */
export function isOpen (pattern) {
  return pattern.length > 1 && pattern[0] === '' && pattern.at(-1) === ''
}

/**
 * Whether the character before this index belongs to the same word as the next one, if that is a word's.
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
 * Whether the character at this index belongs to the same word as the one before it, if that is a word's.
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
