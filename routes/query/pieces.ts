/** Characters of a piece: as many as a stream should hold for a client that does not read. */
export const pieceLength = 65_536

/** Splits a text into pieces; no character is cut. */
export function * piecesOf (text: string): Generator<string> {
  for (let from = 0, to; from < text.length; from = to) {
    to = from + pieceLength
    const last = text.charCodeAt(to - 1)
    // The first half of a pair.
    if (last >= 0xd800 && last < 0xdc00) to++
    yield text.slice(from, to)
  }
}

/** Joins texts into pieces that have about the length of a piece, or more. */
export function joinPieces (texts: readonly string[]): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const text of texts) {
    piece += text
    if (piece.length < pieceLength) continue
    pieces.push(piece)
    piece = ''
  }
  if (piece !== '') pieces.push(piece)
  return pieces
}
