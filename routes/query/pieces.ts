/** Characters of a piece: as much as a stream should hold for a client that does not read. */
export const pieceLength = 65_536

/** The text in pieces that are taken one at a time; no character is cut. */
export function * piecesOf (text: string): Generator<string> {
  for (let from = 0, to; from < text.length; from = to) {
    to = from + pieceLength
    const last = text.charCodeAt(to - 1)
    // The first half of a pair.
    if (last >= 0xd800 && last < 0xdc00) to++
    yield text.slice(from, to)
  }
}

/** Texts joined to such as are at least about as long as a piece. */
export function joined (texts: readonly string[]): string[] {
  const all: string[] = []
  let text = ''
  for (const next of texts) {
    text += next
    if (text.length < pieceLength) continue
    all.push(text)
    text = ''
  }
  if (text !== '') all.push(text)
  return all
}
