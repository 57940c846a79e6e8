// Where the words of a query stand in a message, as pages mark them.
import { fold } from '../text/fold.js'
import { endsWord, isWordAt, isWordBefore, startsWord } from '../text/words.js'
import type { Filter, Pattern } from './filter.ts'

/** Range of a text, in UTF-16 units [start, end). */
export type Range = readonly [start: number, end: number]

/** Characters of a text that are looked at, and ranges that are found. */
const maxCharacters = 100_000
const maxRanges = 200

/** Gives a function that finds the words of a query in a message; undefined: the query has none. */
export function wordFinderOf (filter: Filter): ((text: string) => Range[]) | undefined {
  const patterns = patternsIn(filter)
  if (patterns.length === 0) return undefined
  return (text) => {
    const folded = comparable(text.slice(0, maxCharacters))
    // Another length: the places would be others.
    if (folded.length !== Math.min(text.length, maxCharacters)) return []
    return join(patterns.flatMap((pattern) => rangesOf(folded, pattern)))
  }
}

/** Words that messages must have, or may have; not those that they must lack. */
function patternsIn (filter: Filter): Pattern[] {
  switch (filter.kind) {
    case 'all':
    case 'any': return filter.of.flatMap(patternsIn)
    case 'words': return [filter.pattern]
    default: return []
  }
}

/** A text as patterns are, each character at its place. */
function comparable (text: string): string {
  return fold(text).replaceAll('ς', 'σ').replaceAll(/\s/g, ' ')
}

/** The pieces of all matches, as the search finds them. */
function rangesOf (text: string, pattern: Pattern): Range[] {
  const ranges: Range[] = []
  for (let at = 0; ranges.length < maxRanges;) {
    const match = matchOf(text, pattern, at)
    const last = match?.at(-1)
    if (!match || !last) break
    ranges.push(...match)
    at = last[1]
  }
  return ranges
}

/** The pieces of the first match; undefined: there is none. */
function matchOf (text: string, pattern: Pattern, from: number): Range[] | undefined {
  const isClosed = { before: startsWord(pattern), after: endsWord(pattern) }
  const ranges: Range[] = []
  let at = from
  for (const [index, piece] of pattern.entries()) {
    if (piece === '') continue
    const isFree = (start: number) => (
      !(index === 0 && isClosed.before && isWordBefore(text, start)) &&
      !(index === pattern.length - 1 && isClosed.after && isWordAt(text, start + piece.length)))
    let start = text.indexOf(piece, at)
    while (start >= 0 && !isFree(start)) start = text.indexOf(piece, start + 1)
    if (start < 0) return undefined
    at = start + piece.length
    ranges.push([start, at])
  }
  return ranges
}

/** Ranges in their order; those that touch are one. */
function join (ranges: readonly Range[]): Range[] {
  const joined: Range[] = []
  for (const range of [...ranges].sort(([one], [other]) => one - other)) {
    const last = joined.at(-1)
    if (last && range[0] <= last[1]) joined[joined.length - 1] = [last[0], Math.max(last[1], range[1])]
    else joined.push(range)
  }
  return joined
}
