// Patterns of words and of whole values as tests on a text. Plain JavaScript: the threads of the embedded database and of the word index run it, too.
import { fold, isAscii, valuePiece, withSingleBlanks, withoutEscapes } from './fold.js'
import { endsWord, isOpen, isWordAt, isWordBefore, startsWord } from './words.js'
import { finderOf } from './find.js'

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

let lastText = ''
/** @type {string[]} by their form */
let lastForms = []

/**
 * The text in a form; that of the last text is kept, since a query with many words asks for the same again and again.
 * @param {string} text
 * @param {number} form
 */
function formOf (text, form) {
  if (text !== lastText) {
    lastText = text
    lastForms = []
  }
  lastForms[form] ??= makeForm(text, form)
  return lastForms[form]
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

const anywhere = () => true

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
