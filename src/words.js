// What a word is, for all who look for words: the query language, its functions in SQLite's thread
// (which is why this is plain JavaScript) and the index of words.

const wordPattern = /[\p{L}\p{M}\p{N}_]+/gu

/**
 * The text without the difference of upper and lower case. Character by character, so that a
 * character never becomes two, as a database's LOWER() has it.
 * @param {string} text
 * @returns {string}
 */
export function fold (text) {
  const folded = text.toLowerCase()
  return folded.length === text.length ? folded : Array.from(text, foldCharacter).join('')
}

/** @param {string} character */
function foldCharacter (character) {
  const folded = character.toLowerCase()
  return folded.length === character.length ? folded : character
}

/**
 * The words of a text, folded: the longest runs of letters, marks, digits and `_`.
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf (text) {
  return fold(text).match(wordPattern) ?? []
}
