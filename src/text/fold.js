// Folds texts for comparison.
// Plain JavaScript, because the threads of the embedded database and of the word index run it, too.

/**
 * Capitals that LOWER() of MySQL and MariaDB leaves unchanged in utf8mb4_bin, whose table of cases is that of Unicode
 * 3: here they stay unchanged, too. Found by comparing all of Unicode.
 */
// eslint-disable-next-line @stylistic/max-len -- one set
const unpaired = /[\u0220\u023A-\u023E\u0241-\u024E\u0370-\u0376\u037F\u03CF\u03D8\u03F4\u03F7-\u03FA\u03FD-\u03FF\u048A\u04C0\u04C5\u04C9\u04CD\u04F6\u04FA-\u052E\u10A0-\u10CD\u13A0-\u13F5\u1C89-\u1CBF\u1E9E\u1EFA-\u1EFE\u2132\u2183\u2C00-\u2C2F\u2C60-\u2CF2\uA640-\uA7F5\u{10400}-\u{10427}\u{104B0}-\u{104D3}\u{10570}-\u{10595}\u{10C80}-\u{10CB2}\u{10D50}-\u{10D65}\u{118A0}-\u{118BF}\u{16E40}-\u{16E5F}\u{16EA0}-\u{16EB8}\u{1E900}-\u{1E921}]/u

/** Characters for which toLowerCase() differs from LOWER(): it gives two, or one that depends on the neighbours. */
const special = new RegExp(`[İΣ]|${unpaired.source}`, 'u')

/**
 * Text in lower case, character by character as LOWER() of the databases gives it.
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

export const escape = '\u001b'
const bell = '\u0007'

/**
 * Escape sequences of terminals (ECMA-48): of colours and modes, titles and links, character sets. The first group
 * matches only sequences that move the cursor: they separate the texts around them.
 */
const escapeSequence = new RegExp(`${escape}(?:${[
  '\\[[0-?]*(?:[mKhl]| q|([!-/]*[@-~]))',
  `\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\)`,
  `[PX^_][^${escape}]*${escape}\\\\`,
  '[#%(-/][0-~]',
  '[6-9=>c]'
].join('|')})`, 'g')

/**
 * Text as a terminal shows it, without escape sequences.
 * @param {string} text
 * @returns {string}
 */
export function withoutEscapes (text) {
  return text.includes(escape) ? text.replaceAll(escapeSequence, (_, moves) => moves === undefined ? '' : ' ') : text
}

/**
 * Text with one blank in place of any white space.
 * @param {string} text
 */
export function withSingleBlanks (text) {
  return /[^\S ]| {2}/.test(text) ? text.replaceAll(/\s+/g, ' ') : text
}

/**
 * Folds a piece of a pattern for messages, as `wordsTest` needs it.
 * @param {string} text
 * @returns {string}
 */
export function messagePiece (text) {
  return withSingleBlanks(valuePiece(withoutEscapes(text)))
}

/**
 * Folds a piece of a pattern for whole values, as `likeTest` needs it.
 * @param {string} text
 * @returns {string}
 */
export function valuePiece (text) {
  // Letters are composed with their marks; a sigma at the end of a word counts as any other.
  return fold(text.normalize('NFC')).replaceAll('ς', 'σ')
}

/**
 * Whether a text has only ASCII characters.
 * @param {string} text
 */
export function isAscii (text) {
  return !/\P{ASCII}/u.test(text)
}
