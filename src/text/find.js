// Finds a piece in a text in linear time. Plain JavaScript: the threads of the embedded database and of the word index run it, too.

/** Longest piece, in characters, that indexOf() looks for: in the worst case it compares every piece with every place. */
const longestByIndexOf = 32

/**
 * Makes a search for the first place, from one on, where a piece stands and fits; -1 where there is none. Its time is
 * linear in the text.
 * @param {string} piece
 * @returns {(text: string, from: number, fits: (at: number) => boolean) => number}
 */
export function finderOf (piece) {
  if (piece.length > longestByIndexOf) return longFinderOf(piece)
  return (text, from, fits) => {
    let at = text.indexOf(piece, from)
    while (at !== -1 && !fits(at)) at = at < text.length ? text.indexOf(piece, at + 1) : -1
    return at
  }
}

/**
 * As finderOf, in one pass over the text (Knuth, Morris and Pratt), however often the piece nearly stands there.
 * @param {string} piece
 * @returns {(text: string, from: number, fits: (at: number) => boolean) => number}
 */
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
