// Patterns of words and of whole values as tests on a text.
// Plain JavaScript, because the threads of the embedded database and of the word index run it, too.
import { fold, isAscii, valuePiece, withSingleBlanks, withoutEscapes } from './fold.js'
import { endsWord, isOpen, isWordAt, isWordBefore, startsWord } from './words.js'
import { finderOf } from './find.js'

/**
 * Changes of a text before it is compared, beside folding: each is a bit of a form. A pattern of ASCII finds the same
 * in the unchanged text: so a database can search for it there, too.
 */
const shown = 1
const composed = 2
const singleBlanks = 4

/** @param {readonly string[]} pattern */
function formFor (pattern) {
  return pattern.every(isAscii) ? 0 : composed
}

/**
 * The last two texts, each with its forms: a query with many words needs them repeatedly, and so do many queries that
 * look at the message and at one more field.
 * @typedef {{ text: string, forms: Array<string | undefined> }} Known forms are indexed by form
 */
/** @type {Known} */
let latest = { text: '', forms: [] }
/** @type {Known} */
let earlier = { text: '', forms: [] }

/**
 * Text in a form.
 * @param {string} text
 * @param {number} form
 */
function formOf (text, form) {
  if (text !== latest.text) {
    const other = latest
    latest = text === earlier.text ? earlier : { text, forms: [] }
    earlier = other
  }
  const known = latest.forms[form] ??= makeForm(text, form)
  return known
}

/**
 * @param {string} text
 * @param {number} form
 */
function makeForm (text, form) {
  const plain = form & shown ? withoutEscapes(text) : text
  const whole = form & singleBlanks ? withSingleBlanks(plain) : plain
  return form & composed ? valuePiece(whole) : fold(whole)
}

/**
 * Tests whether a text, as a terminal shows it, contains the pattern, in any case and with any white space. An end that
 * is not open matches no half word. Each piece is searched after the one before: the leftmost match is as good as any,
 * so nothing is tried twice.
 * @param {readonly string[]} pattern folded pieces, with any text between two of them
 * @returns {(text: string) => boolean}
 */
export function wordsTest (pattern) {
  const last = pattern.length - 1
  const finders = pattern.map((piece) => ({ find: finderOf(piece), length: piece.length }))
  const isClosedBefore = startsWord(pattern)
  const isClosedAfter = endsWord(pattern)
  const hasBlanks = pattern.some((piece) => piece.includes(' '))
  const form = formFor(pattern) | (isOpen(pattern) ? 0 : shown) | (hasBlanks ? singleBlanks : 0)
  return (text) => {
    const folded = formOf(text, form)
    let at = 0
    for (const [index, { find, length }] of finders.entries()) {
      const fits = (/** @type {number} */ start) =>
        !(index === 0 && isClosedBefore && isWordBefore(folded, start)) &&
        !(index === last && isClosedAfter && isWordAt(folded, start + length))
      const start = find(folded, at, fits)
      if (start === -1) return false
      at = start + length
    }
    return true
  }
}

const anywhere = () => true

/**
 * Tests whether a whole text matches the pattern, in any case.
 * @param {readonly string[]} pattern
 * @returns {(text: string) => boolean}
 */
export function likeTest (pattern) {
  const [first = '', ...others] = pattern
  const form = formFor(pattern)
  const last = others.at(-1)
  const finders = others.slice(0, -1).map((piece) => ({ find: finderOf(piece), length: piece.length }))
  return (text) => {
    const folded = formOf(text, form)
    if (last === undefined) return folded === first
    if (!folded.startsWith(first)) return false
    let at = first.length
    for (const { find, length } of finders) {
      const start = find(folded, at, anywhere)
      if (start === -1) return false
      at = start + length
    }
    return folded.length - last.length >= at && folded.endsWith(last)
  }
}
