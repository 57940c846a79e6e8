import { BadRequest } from '../errors.ts'

/** Text of a query: where it begins, and its pieces between the open places (`*`). */
export interface Text {
  at: number
  pieces: [string, ...string[]]
  quoted: boolean
  /** Whether it has a ":" that is neither quoted nor escaped. */
  hasColon: boolean
}

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

/** Reads a query token by token. Throws BadRequest, which says what was expected, and where. */
export class Tokens {
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
    if (!this.see(mark)) return false
    this.#at += mark.length
    return true
  }

  takeKeyword (keyword: string): boolean {
    return this.seeKeyword(keyword) && this.take(keyword)
  }

  word (expected: string): Text {
    return this.#text(expected, endOfWord)
  }

  /** Value of a field, which may have colons. */
  value (expected: string): Text {
    return this.#text(expected, endOfValue)
  }

  /** Word with colons that names no field; undefined if none begins here. */
  pastedText (): Text | undefined {
    pastedText.lastIndex = this.#at
    return pastedText.test(this.#query) ? this.#text('', endOfPasted) : undefined
  }

  /** Source of a regular expression; undefined if none begins here: a path like /etc/hosts is a word. */
  regex (): { at: number, source: string } | undefined {
    regex.lastIndex = this.#at
    const [whole, source] = regex.exec(this.#query) ?? []
    if (whole === undefined || source === undefined) return undefined
    const at = this.#at
    this.#at += whole.length
    this.#skipSpace()
    return { at, source: source.replaceAll('\\/', '/') }
  }

  expected (token: string): never {
    return this.fail(`expected ${token}`)
  }

  fail (rule: string, at = this.#at): never {
    throw new BadRequest(`query: at ${at + 1}: ${rule}`)
  }

  #text (expected: string, unquotedEnd: RegExp): Text {
    const at = this.#at
    const quoted = this.takeTight('"')
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
    if (quoted && !this.takeTight('"')) this.expected('a closing quote')
    if (this.#at === at) this.expected(expected)
    if (!this.see(':')) this.#skipSpace()
    return { at, pieces, quoted, hasColon }
  }

  /** Whether the backslash just read escapes the next character; in a path like C:\\Temp it does not. */
  #isEscape (wordStart: number): boolean {
    return this.#at - 1 === wordStart || !/[\p{L}\p{N}_]/u.test(this.#query.charAt(this.#at))
  }

  #escaped (): string {
    return this.#query[this.#at++] ?? this.expected('a character after "\\"')
  }

  #skipSpace (): void {
    while (/\s/.test(this.#query.charAt(this.#at))) this.#at++
  }
}
