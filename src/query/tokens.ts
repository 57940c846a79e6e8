import { BadRequest, type Rule } from '../model/bad-request.ts'

/** Text of a query: where it begins, and its pieces between the open places (`*`). */
export interface Text {
  at: number
  pieces: [string, ...string[]]
  quoted: boolean
  /** Whether it has a ":" that is neither quoted nor escaped. */
  hasColon: boolean
}

/** A piece of a query, in UTF-16 units [start, end), for highlighting. */
export interface Token {
  start: number
  end: number
  kind: 'keyword' | 'mark' | 'field' | 'word' | 'phrase' | 'regex'
}

/** What the query could go on with: stable names for programs, and words for the detail. */
export interface Expected {
  names: readonly [Expectation, ...Expectation[]]
  words: string
}

type Expectation =
  'word' | 'phrase' | 'field' | 'field-value' | 'opening-bracket' | 'closing-bracket' | 'closing-square-bracket' |
  'closing-quote' | 'to' | 'escaped-character' | 'end'

/**
 * Start of a word whose ":" ends no field name: digits, as of an address or a time (`10.0.0.1:8080`,
 * `2026-11-20T09:15:00Z`), `localhost:`, a scheme (`http://`), a drive (`C:\`, `C:/`), or anything before `::`.
 */
const pastedText = new RegExp([
  /\d[\d.,-]*(?:T\d+)?:/,
  /localhost:/,
  /[\p{L}\p{N}_.+-]+:\/\//u,
  /[a-z]:(?:\\|\/(?!(?:[^\\/]|\\.)+\/(?:[\s()]|$)))/,
  /[^\s"()[\]:\\]*::/
].map(({ source }) => source).join('|'), 'isuy')

const regex = /\/((?:[^\\/]|\\.)+)\/(?=[\s()]|$)/sy

/** Characters that end an unquoted text: a word, the value of a field, pasted text. */
const endOfWord = /[\s"()[\]:]/
const endOfValue = /[\s"()[\]]/
const endOfPasted = /[\s"()]/

export const anyWord: Expected = {
  names: ['word', 'phrase', 'field', 'opening-bracket'],
  words: 'a word, a "phrase", field:value or an opening bracket'
}

interface Failure {
  rule: Rule
  /** Default: the place that was reached. */
  at?: number
  expected?: readonly string[]
  limit?: number
}

/** Reads a query token by token. Throws BadRequest, which says what was expected, and where. */
export class Tokens {
  /** Tokens that were read. */
  readonly read: Token[] = []
  readonly #query: string
  #at = 0

  constructor (query: string) {
    this.#query = query
    this.#skipSpace()
  }

  get isAtEnd (): boolean {
    return this.#at === this.#query.length
  }

  /** Whether the query goes on with this mark. */
  see (mark: string): boolean {
    return this.#query.startsWith(mark, this.#at)
  }

  seeKeyword (keyword: string): boolean {
    return this.see(keyword) && /^[\s()]?$/.test(this.#query.charAt(this.#at + keyword.length))
  }

  /** Takes a mark and the space after it, if the query goes on with it. */
  take (mark: string): boolean {
    if (!this.takeTight(mark)) return false
    this.#skipSpace()
    return true
  }

  /** Takes a mark, but not the space after it. */
  takeTight (mark: string): boolean {
    if (!this.#pass(mark)) return false
    this.#note(/[A-Z]/.test(mark) ? 'keyword' : 'mark', this.#at - mark.length)
    return true
  }

  takeKeyword (keyword: string): boolean {
    return this.seeKeyword(keyword) && this.take(keyword)
  }

  /** Takes the ":" after the name of a field. */
  takeColon (): boolean {
    const name = this.read.at(-1)
    if (!name || !this.takeTight(':')) return false
    name.kind = 'field'
    return true
  }

  word (expected: Expected): Text {
    return this.#text(expected, endOfWord)
  }

  /** Value of a field, which may have colons. */
  value (expected: Expected): Text {
    return this.#text(expected, endOfValue)
  }

  /** Word with colons that names no field; undefined if none begins here. */
  pastedText (): Text | undefined {
    pastedText.lastIndex = this.#at
    return pastedText.test(this.#query) ? this.#text(anyWord, endOfPasted) : undefined
  }

  /** Source of a regular expression; undefined if none begins here: a path like /etc/hosts is a word. */
  regex (): { at: number, source: string } | undefined {
    regex.lastIndex = this.#at
    const [whole, source] = regex.exec(this.#query) ?? []
    if (whole === undefined || source === undefined) return undefined
    const at = this.#at
    this.#at += whole.length
    this.#note('regex', at)
    this.#skipSpace()
    return { at, source: source.replaceAll('\\/', '/') }
  }

  expected ({ names, words }: Expected): never {
    return this.fail({ rule: 'query.expected', expected: names }, `expected ${words}`)
  }

  fail ({ rule, at = this.#at, ...others }: Failure, detail: string): never {
    throw new BadRequest(`query: at ${at + 1}: ${detail}`, { rule, field: 'query', at, ...others })
  }

  #text (expected: Expected, unquotedEnd: RegExp): Text {
    const at = this.#at
    const quoted = this.#pass('"')
    const end = quoted ? /"/ : unquotedEnd
    const pieces: Text['pieces'] = ['']
    let hasColon = false
    while (!this.isAtEnd && !end.test(this.#query.charAt(this.#at))) {
      const character = this.#query.charAt(this.#at++)
      if (character === '*' && !quoted) {
        pieces.push('')
        continue
      }
      if (character === ':' && !quoted) hasColon = true
      const isEscape = character === '\\' && (end === endOfPasted ? this.see('\\') : this.#isEscape(quoted ? -1 : at))
      pieces[pieces.length - 1] += isEscape ? this.#escaped() : character
    }
    if (quoted && !this.#pass('"')) this.expected({ names: ['closing-quote'], words: 'a closing quote' })
    if (this.#at === at) this.expected(expected)
    this.#note(quoted ? 'phrase' : 'word', at)
    if (!this.see(':')) this.#skipSpace()
    return { at, pieces, quoted, hasColon }
  }

  /** Whether the backslash just read escapes the next character; in a path like C:\\Temp it does not. */
  #isEscape (wordStart: number): boolean {
    return this.#at - 1 === wordStart || !/[\p{L}\p{N}_]/u.test(this.#query.charAt(this.#at))
  }

  #escaped (): string {
    return this.#query[this.#at++] ??
      this.expected({ names: ['escaped-character'], words: 'a character after "\\"' })
  }

  #pass (mark: string): boolean {
    if (!this.see(mark)) return false
    this.#at += mark.length
    return true
  }

  #note (kind: Token['kind'], start: number): void {
    this.read.push({ start, end: this.#at, kind })
  }

  #skipSpace (): void {
    while (/\s/.test(this.#query.charAt(this.#at))) this.#at++
  }
}
