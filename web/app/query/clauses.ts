// A query as its clauses: what stands side by side at the top, without brackets around it. They are cut out of the text
// by the server's own tokens, so that a click changes one of them and leaves what people wrote.
import { tokensOf } from '../../../src/query/parser.ts'
import type { Token } from '../../../src/query/tokens.ts'

export interface Clause {
  /** Range of the query, in UTF-16 units [start, end). */
  start: number
  end: number
  isNegated: boolean
  /** The field as written, without quotes; undefined for text, regular expressions and brackets. */
  field: string | undefined
  /** The values as written, one or several alternatives. Empty for anything but plain values. */
  values: readonly string[]
}

/** The clauses of a valid query; undefined where it is one alternative of several (`a OR b`). */
export function clausesOf (query: string): Clause[] | undefined {
  const reader = new ClauseReader(query)
  return reader.hasAlternatives ? undefined : reader.clauses
}

class ClauseReader {
  readonly clauses: Clause[] = []
  readonly #query: string
  readonly #tokens: readonly Token[]
  #next = 0
  hasAlternatives = false

  constructor (query: string) {
    this.#query = query
    this.#tokens = tokensOf(query)
    while (this.#peek()) {
      if (this.#take('AND')) continue
      if (this.#take('OR')) this.hasAlternatives = true
      else this.clauses.push(this.#clause())
    }
  }

  #clause (): Clause {
    const start = this.#peek()?.start ?? 0
    const isNegated = this.#take('NOT') || this.#take('-')
    const first = this.#tokens[this.#next++]
    let field: string | undefined
    let values: string[] = []
    if (first && this.#textOf(first) === '(' && first.kind === 'mark') {
      this.#skipBrackets()
    } else if (first?.kind === 'field') {
      field = unquote(this.#textOf(first))
      values = this.#values()
    }
    return { start, end: this.#tokens[this.#next - 1]?.end ?? this.#query.length, isNegated, field, values }
  }

  /** Takes what follows a field: its colon, and the condition. */
  #values (): string[] {
    this.#take(':')
    if (!this.#take('(')) return this.#value()
    const values: string[] = []
    let isPlain = true
    while (this.#peek() && !this.#take(')')) {
      if (this.#take('OR')) continue
      const value = this.#value()
      isPlain &&= value.length === 1
      values.push(...value)
    }
    return isPlain ? values : []
  }

  /** One plain value; none where it is a comparison, a range or a regular expression. */
  #value (): string[] {
    const token = this.#tokens[this.#next++]
    if (!token) return []
    if (token.kind === 'word' || token.kind === 'phrase') return [this.#textOf(token)]
    if (this.#textOf(token) === '[') while (this.#peek() && !this.#take(']')) this.#next++
    else if (token.kind === 'mark') this.#next++
    return []
  }

  #skipBrackets (): void {
    for (let depth = 1; depth > 0 && this.#peek();) {
      if (this.#take('(')) depth++
      else if (this.#take(')')) depth--
      else this.#next++
    }
  }

  #peek (): Token | undefined {
    return this.#tokens[this.#next]
  }

  /** Takes a mark or a keyword, if it is the next token. */
  #take (text: string): boolean {
    const token = this.#peek()
    if (!token || (token.kind !== 'mark' && token.kind !== 'keyword') || this.#textOf(token) !== text) return false
    this.#next++
    return true
  }

  #textOf ({ start, end }: Token): string {
    return this.#query.slice(start, end)
  }
}

function unquote (text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : text
}

/** A value, or the name of a field, as the query language reads it back: in quotes unless it is plain. */
export function quote (text: string): string {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.@#%+-]*$/u.test(text) && !['AND', 'OR', 'NOT', 'TO'].includes(text)) return text
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
