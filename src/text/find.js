// Finds a piece in a text in linear time.
// Plain JavaScript, because the threads of the embedded database and of the word index run it, too.

/** Characters of the longest piece for indexOf(): its worst case compares the whole piece at every index. */
const maxIndexOfLength = 32

/**
 * Makes a search for the first index, starting at `from`, at which a piece is found and fits; -1 for none.
 * Its time is linear in the text.
 * @param {string} piece
 * @returns {(text: string, from: number, fits: (at: number) => boolean) => number}
 */
export function finderOf (piece) {
  if (piece.length > maxIndexOfLength) return longFinderOf(piece)
  return (text, from, fits) => {
    let at = text.indexOf(piece, from)
    while (at !== -1 && !fits(at)) at = at < text.length ? text.indexOf(piece, at + 1) : -1
    return at
  }
}

/**
 * As finderOf, in one pass over the text (Knuth, Morris and Pratt), even if the piece is almost found many times.
 * @param {string} piece
 * @returns {(text: string, from: number, fits: (at: number) => boolean) => number}
 */
function longFinderOf (piece) {
  // borders[n]: the length of the longest shorter text that both begins and ends the first n characters.
  const borders = new Uint16Array(piece.length + 1)
  const borderOf = (/** @type {number} */ length) => borders[length] ?? 0
  for (let at = 1, border = 0; at < piece.length; at++) {
    while (border > 0 && piece[at] !== piece[border]) border = borderOf(border)
    if (piece[at] === piece[border]) border++
    borders[at + 1] = border
  }
  return (text, from, fits) => {
    for (let at = from, matched = 0; at < text.length; at++) {
      while (matched > 0 && text[at] !== piece[matched]) matched = borderOf(matched)
      if (text[at] === piece[matched]) matched++
      if (matched < piece.length) continue
      const start = at + 1 - matched
      if (fits(start)) return start
      matched = borderOf(matched)
    }
    return -1
  }
}
