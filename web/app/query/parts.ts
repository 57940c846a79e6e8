// A query as parts of a colour, by the server's own tokens.
import { tokensOf } from '../../../src/query/parser.ts'
import type { Token } from '../../../src/query/tokens.ts'

/** A part of a query; those that follow each other give the query again. */
export interface Part {
  text: string
  /** Undefined: words and what stands between tokens have the colour of all texts. */
  kind: Exclude<Token['kind'], 'word'> | undefined
  isWrong: boolean
}

/** A query as parts. What is wrong begins at `wrongAt`: it is the token there, or the text that no parser reached. */
export function partsOf (query: string, wrongAt = Infinity): Part[] {
  const parts: Part[] = []
  let at = 0
  const push = (end: number, kind?: Part['kind'], isWrong = false) => {
    const text = query.slice(at, end)
    const last = parts.at(-1)
    at = end
    // Few elements: thousands of them would slow the typing down.
    if (last && kind === undefined && last.kind === kind && last.isWrong === isWrong) last.text += text
    else if (text !== '') parts.push({ text, kind, isWrong })
  }
  for (const { start, end, kind } of tokensOf(query)) {
    push(start)
    push(end, kind === 'word' ? undefined : kind, start === wrongAt)
  }
  if (wrongAt >= at) push(Math.min(wrongAt, query.length))
  push(query.length, undefined, wrongAt === at)
  return parts
}
