// Messages with a stack trace: runs of frames of libraries are folded, so that one's own code stands out.

export interface Piece {
  lines: readonly string[]
  /** Frames of libraries. */
  isFolded: boolean
}

/** A frame of JavaScript, Java, .NET, PHP, Ruby, Go or Rust; and of Python, whose frames take two lines. */
const frame = /^\s+(at\s|#\d+\s|from\s.+:\d+:in\s|\d+:\s)|^\s+File ".+", line \d+|^\t\S+\.go:\d+/
const ofLibrary = new RegExp([
  'node_modules/', 'node:internal/', 'internal/modules/', 'site-packages/', '/usr/lib/', 'lib/python\\d', '/gems/',
  '/vendor/', 'java\\.', 'javax\\.', 'jdk\\.', 'sun\\.', 'org\\.springframework\\.', 'org\\.apache\\.', 'System\\.',
  'Microsoft\\.', '/rustc/', '/usr/local/go/src/'
].join('|'))
/** Frames that are folded together; fewer are shown. */
const leastFolded = 3

/** The lines of a message as pieces, in their order. */
export function piecesOf (message: string): Piece[] {
  const pieces: Array<{ lines: string[], isFolded: boolean }> = []
  let isLibraryFrame = false
  for (const line of message.split('\n')) {
    // A line of code below a frame of Python belongs to it.
    if (frame.test(line)) isLibraryFrame = ofLibrary.test(line)
    else if (!isLibraryFrame || !/^\s{4}/.test(line)) isLibraryFrame = false
    const last = pieces.at(-1)
    if (last?.isFolded === isLibraryFrame) last.lines.push(line)
    else pieces.push({ lines: [line], isFolded: isLibraryFrame })
  }
  return joinShort(pieces)
}

function joinShort (pieces: readonly Piece[]): Piece[] {
  const joined: Array<{ lines: string[], isFolded: boolean }> = []
  for (const { lines, isFolded } of pieces) {
    const folds = isFolded && lines.length >= leastFolded
    const last = joined.at(-1)
    if (last && !folds && !last.isFolded) last.lines.push(...lines)
    else joined.push({ lines: [...lines], isFolded: folds })
  }
  return joined
}
