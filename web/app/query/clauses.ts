// A query as its clauses: what stands side by side at the top, without brackets around it. They are cut out of the text
// by the server's own parser, so that a click changes one of them and leaves what people wrote.
import type { Filter } from '../../../src/query/filter.ts'
import { tokensOf } from '../../../src/query/parser.ts'
import type { Token } from '../../../src/query/tokens.ts'
import { parse } from './parse.ts'

export interface Clause {
  /** Range of the query, in UTF-16 units [start, end). */
  start: number
  end: number
  isNegated: boolean
  /** Undefined where the clause is not about plain values of one field. */
  choice: Choice | undefined
}

/** Alternatives: plain values of one field. */
export interface Choice {
  /** The field, whatever way it is written. */
  field: string
  values: readonly Value[]
}

export interface Value {
  /** As written; a level by its whole name. */
  text: string
  /** Equal for values that mean the same. */
  key: string
}

/** The clauses of a valid query; undefined where it is one alternative of several (`a OR b`). */
export function clausesOf (query: string): Clause[] | undefined {
  const reader = new ClauseReader(query)
  return reader.hasAlternatives ? undefined : reader.clauses
}

class ClauseReader {
  readonly clauses: Clause[] = []
  hasAlternatives = false
  readonly #query: string
  readonly #tokens: readonly Token[]
  #next = 0

  constructor (query: string) {
    this.#query = query
    this.#tokens = tokensOf(query)
    while (this.#next < this.#tokens.length) {
      if (this.#take('AND')) continue
      if (this.#take('OR')) this.hasAlternatives = true
      else this.clauses.push(this.#clause())
    }
  }

  #clause (): Clause {
    const first = this.#next
    const isNegated = this.#take('NOT') || this.#take('-')
    this.#passOperand()
    const tokens = this.#tokens.slice(first, this.#next)
    const start = tokens.at(0)?.start ?? 0
    const end = tokens.at(-1)?.end ?? this.#query.length
    const texts = tokens.filter(({ kind }) => kind === 'word' || kind === 'phrase').map((token) => this.#textOf(token))
    return { start, end, isNegated, choice: choiceOf(this.#query.slice(start, end), texts) }
  }

  /** Passes a text, a field with its condition, or brackets. */
  #passOperand (): void {
    if (this.#take('(')) return this.#passBrackets()
    if (this.#tokens[this.#next++]?.kind !== 'field') return
    this.#take(':')
    if (this.#take('(')) this.#passBrackets()
    else if (this.#take('[')) while (this.#next < this.#tokens.length && !this.#take(']')) this.#next++
    else if (this.#tokens[this.#next++]?.kind === 'mark') this.#next++
  }

  #passBrackets (): void {
    for (let depth = 1; depth > 0 && this.#next < this.#tokens.length;) {
      if (this.#take('(')) depth++
      else if (this.#take(')')) depth--
      else this.#next++
    }
  }

  /** Takes a mark or a keyword, if it is the next token. */
  #take (text: string): boolean {
    const token = this.#tokens[this.#next]
    if (!token || (token.kind !== 'mark' && token.kind !== 'keyword') || this.#textOf(token) !== text) return false
    this.#next++
    return true
  }

  #textOf ({ start, end }: Token): string {
    return this.#query.slice(start, end)
  }
}

/** The choice that a clause makes; `texts` are its words and phrases. */
function choiceOf (clause: string, texts: readonly string[]): Choice | undefined {
  const parsed = parse(clause)
  if (!('filter' in parsed)) return undefined
  const filter = parsed.filter.kind === 'not' ? parsed.filter.filter : parsed.filter
  const alternatives = filter.kind === 'any' ? filter.of : [filter]
  const fields = new Set(alternatives.map(fieldOf))
  const [field] = fields
  if (field === undefined || fields.size > 1) return undefined
  const values = alternatives.flatMap((alternative, index): Value[] => alternative.kind === 'level'
    ? alternative.levels.map((level) => ({ text: level, key: level }))
    : [{ text: texts[index] ?? '', key: JSON.stringify(alternative) }])
  return { field, values }
}

/** Whose plain value a condition asks for; undefined for any other condition. */
function fieldOf (filter: Filter): string | undefined {
  switch (filter.kind) {
    case 'level': return filter.kind
    case 'number': return filter.comparison === '=' ? JSON.stringify(filter.field) : undefined
    case 'user': return filter.pattern.length === 1 ? filter.kind : undefined
    case 'value': return filter.pattern.length === 1 ? JSON.stringify(filter.field) : undefined
    default: return undefined
  }
}
