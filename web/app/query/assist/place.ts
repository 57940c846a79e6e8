// Where somebody types, by the server's own tokens: at the start of a word, or in a value of a field.
import { tokensOf } from '../../../../src/query/parser.ts'
import { isValid } from '../parse.ts'

export interface Place {
  /** Range of the query that a suggestion replaces, in UTF-16 units [start, end). */
  start: number
  end: number
  /** What is typed of the word before the caret, without quotes. */
  prefix: string
  /** The field whose value this is; undefined at the start of a word. */
  field: string | undefined
  /** One of several values in brackets, or a bound of a range. */
  isInList: boolean
  /** Whether something stands before it, with which AND and OR could link it. */
  isAfterOperand: boolean
  /** The query without the clause of the value, in which its values are counted; empty where that is not valid. */
  rest: string
}

interface Owner {
  name: string
  start: number
}

/** The place of a caret in a query; undefined where there is nothing to suggest: in a regular expression. */
export function placeOf (query: string, caret: number): Place | undefined {
  const before = query.slice(0, caret)
  const tokens = tokensOf(before)
  const last = tokens.at(-1)
  const isInToken = last?.end === caret
  if (isInToken && last.kind === 'regex') return undefined
  const isInWord = isInToken && (last.kind === 'word' || last.kind === 'phrase')
  const start = isInWord ? last.start : caret - unreadWord(before.slice(last?.end ?? 0)).length
  const earlier = isInWord ? tokens.slice(0, -1) : tokens
  const { owner, isInList } = ownerOf(before, earlier)
  const [typed = ''] = (owner ? /^[^\s"()[\]]*"?/ : /^[^\s"()[\]:]*:?/).exec(query.slice(caret)) ?? []
  const end = caret + typed.length
  return {
    start,
    end,
    prefix: plain(before.slice(start)),
    field: owner?.name,
    isInList,
    isAfterOperand: earlier.length > 0,
    rest: owner ? without(query, owner.start, end, isInList) : ''
  }
}

/** The end of a text that no token was made of: a phrase that is not closed, or the word after a mistake. */
function unreadWord (text: string): string {
  return /(?:"(?:[^"\\]|\\.)*|[^\s"()[\]:]*)$/s.exec(text)?.[0] ?? ''
}

/** The field whose value would follow these tokens. */
function ownerOf (query: string, tokens: ReturnType<typeof tokensOf>): { owner: Owner | undefined, isInList: boolean } {
  const brackets: Array<Owner | undefined> = []
  let owner: Owner | undefined
  for (const { start, end, kind } of tokens) {
    const text = query.slice(start, end)
    if (kind === 'field') {
      owner = { name: plain(text), start }
    } else if (text === '(' || text === '[') {
      brackets.push(owner)
      owner = undefined
    } else if (text === ')' || text === ']') {
      brackets.pop()
      owner = undefined
    } else if (kind !== 'mark' || text === '-') {
      owner = undefined
    }
  }
  const ofList = brackets.at(-1)
  return { owner: owner ?? ofList, isInList: owner === undefined && ofList !== undefined }
}

function without (query: string, start: number, end: number, isInList: boolean): string {
  const before = query.slice(0, start).replace(/(?:-|NOT)\s*$/, '')
  const after = isInList ? query.slice(end).replace(/^[^()]*\)/, '') : query.slice(end)
  const rest = `${before.trimEnd()} ${after.trimStart()}`.trim()
  return isValid(rest) ? rest : ''
}

/** What a word or a phrase says, also one that is not closed yet. */
function plain (text: string): string {
  return text.replaceAll(/^"|(?<!\\)"$|\\(?=[^\p{L}\p{N}_])/gu, '')
}
