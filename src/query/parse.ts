// The query language, by recursive descent:
//
//   query      = [ any ]
//   any        = all { "OR" all }
//   all        = not { [ "AND" ] not }
//   not        = [ "NOT" | "-" ] one
//   one        = "(" any ")" | pasted | field ":" condition | text | regex
//   condition  = ( ">" | ">=" | "<" | "<=" ) value | "[" value "TO" value "]" | "(" value { [ "OR" ] value } ")" | "*" | value | regex
//   text       = value                    in the message, as whole words
//   value      = word | quoted            after a field a word may hold ":"
//   word       = characters other than white space, quotes, brackets and ":"; "*" is anything
//   quoted     = '"' characters '"'       "*" is itself
//   regex      = "/" characters "/"       RE2's syntax, in any case; "\/" is a slash; what follows is a space, a bracket or the end
//   field      = word | quoted            level, pid, process, description, message, user, or an attribute by its dotted name
//   pasted     = a word with ":" in it that names no field: an address, a time, a URL, a path (see `pastedText`)
//
// "\" takes the next character as it is; before a letter or a digit it is itself, unless it is the first of a word. In
// pasted text it is itself before all but another.
import { BadRequest } from '../errors.ts'
import { severities, type Severity } from '../model/record.ts'
import { messagePiece, valuePiece } from '../text/fold.js'
import { regexTest, regexWeight } from '../text/regex.js'
import type { Comparison } from '../text/values.js'
import { everything, type Attribute, type Field, type Filter, type Pattern } from './filter.ts'

/** Bounds of a query: its characters, brackets within each other, and conditions, each of which each log may be held against. */
const maxLength = 4096
const maxDepth = 64
const maxConditions = 256
/** Bound of what its regular expressions weigh together: compiling them takes some milliseconds, testing a log some more. */
const maxRegexWeight = 1200

/** A text as it was written: where, and in pieces between its open places. */
interface Text {
  at: number
  pieces: [string, ...string[]]
  quoted: boolean
  /** It holds a ":" that is neither quoted nor escaped. */
  hasColon: boolean
}

/**
 * How a word begins whose ":" ends no name of a field: digits, as of an address or a time (`10.0.0.1:8080`,
 * `2026-11-20T09:15:00Z`), `localhost:`, a scheme (`http://`), a drive (`C:\`, `C:/`), or anything before `::`.
 */
const pastedText = /\d[\d.,-]*(?:T\d+)?:|localhost:|[\p{L}\p{N}_.+-]+:\/\/|[a-z]:(?:\\|\/(?!(?:[^\\/]|\\.)+\/(?:[\s()]|$)))|[^\s"()[\]:\\]*::/isuy

/** Where words end that are not quoted; after a field, and of pasted text. */
const endOfWord = /[\s"()[\]:]/
const endOfValue = /[\s"()[\]]/
const endOfPasted = /[\s"()]/

/** The filter that a query stands for; an empty one holds for everything. Throws BadRequest, which says what was expected and where. */
export function parseFilter (query: string): Filter {
  if (query.length > maxLength) throw new BadRequest(`query must have ${maxLength} characters at most`)
  return new Parser(query).parse()
}

class Parser {
  readonly #query: string
  #at = 0
  #depth = 0
  #conditions = 0
  #regexWeight = 0

  constructor (query: string) {
    this.#query = query
  }

  parse (): Filter {
    this.#skipSpace()
    if (this.#at === this.#query.length) return everything
    const filter = this.#any()
    if (this.#at < this.#query.length) this.#expected('the end of the query')
    return filter
  }

  #any (): Filter {
    const of = [this.#all()]
    while (this.#takeKeyword('OR')) of.push(this.#all())
    return of.length === 1 ? of[0]! : { kind: 'any', of }
  }

  #all (): Filter {
    const of = [this.#not()]
    while (this.#takeKeyword('AND') || this.#moreFollows()) of.push(this.#not())
    return of.length === 1 ? of[0]! : { kind: 'all', of }
  }

  #moreFollows (): boolean {
    return this.#at < this.#query.length && !this.#see(')') && !this.#seeKeyword('OR')
  }

  #not (): Filter {
    return this.#takeKeyword('NOT') || this.#take('-') ? { kind: 'not', filter: this.#one() } : this.#one()
  }

  #one (): Filter {
    if (this.#take('(')) return this.#bracketed(() => this.#any())
    this.#countCondition()
    const regex = this.#regex('message')
    if (regex) return regex
    pastedText.lastIndex = this.#at
    if (pastedText.test(this.#query)) return { kind: 'words', pattern: messagePattern(this.#text('', endOfPasted)) }
    const text = this.#text('a word, a "phrase", field:value or an opening bracket')
    return this.#take(':', false) ? this.#condition(text) : { kind: 'words', pattern: messagePattern(text) }
  }

  #countCondition (): void {
    if (++this.#conditions > maxConditions) this.#fail(`a query may have ${maxConditions} conditions at most, and a word is one`)
  }

  #bracketed<T> (inner: () => T): T {
    if (++this.#depth > maxDepth) this.#fail(`brackets may stand ${maxDepth} deep at most`)
    const result = inner()
    if (!this.#take(')')) this.#expected('a closing bracket')
    this.#depth--
    return result
  }

  #condition (name: Text): Filter {
    const field = name.pieces.join('*')
    if (this.#take('(')) {
      return this.#bracketed(() => {
        const of = [this.#simple(field)]
        while (this.#takeKeyword('OR') || this.#moreFollows()) {
          this.#countCondition()
          of.push(this.#simple(field))
        }
        return { kind: 'any', of }
      })
    }
    if (this.#take('[')) {
      const low = this.#compare(field, '>=')
      if (!this.#takeKeyword('TO')) this.#expected('TO')
      const high = this.#compare(field, '<=')
      if (!this.#take(']')) this.#expected('"]"')
      return { kind: 'all', of: [low, high] }
    }
    return this.#simple(field)
  }

  /** A value with colons may be a text that was pasted, of which the field's name is a part. */
  #simple (field: string): Filter {
    for (const comparison of ['>=', '<=', '>', '<'] as const) {
      if (this.#take(comparison)) return this.#compare(field, comparison)
    }
    const regex = this.#regex(field)
    if (regex) return regex
    const text = this.#text(`a value after "${field}:"`, endOfValue)
    if (field === 'level') return { kind: 'level', levels: [this.#level(text)] }
    if (field === 'pid') return { kind: 'number', field, comparison: '=', value: this.#number(field, text) }
    if (field === 'user') return { kind: field, pattern: valuePattern(text) }
    if (field === 'message') return { kind: 'words', pattern: messagePattern(text) }
    const where = fieldOf(field)
    if (typeof where === 'object' && !text.quoted && text.pieces.join('*') === '*') return { kind: 'exists', path: where.path }
    const value: Filter = { kind: 'value', field: where, pattern: valuePattern(text) }
    if (typeof where === 'string' || !text.hasColon) return value
    this.#countCondition()
    const [first, ...others] = text.pieces
    return { kind: 'any', of: [value, { kind: 'words', pattern: messagePattern({ pieces: [`${field}:${first}`, ...others] }) }] }
  }

  /** Undefined where none stands here: a path like /etc/hosts is a word. */
  #regex (field: string): Filter | undefined {
    const [whole, source] = /^\/((?:[^\\/]|\\.)+)\/(?=[\s()]|$)/s.exec(this.#query.slice(this.#at)) ?? []
    if (whole === undefined) return undefined
    if (['level', 'pid', 'user'].includes(field)) this.#fail(`"${field}" takes no regular expression`)
    const unescaped = source!.replaceAll('\\/', '/')
    this.#regexWeight += regexWeight(unescaped)
    if (this.#regexWeight > maxRegexWeight) this.#fail('the regular expressions are too large: use fewer or shorter ones, or lower the counts in {}')
    try {
      regexTest(unescaped)
    } catch (error) {
      this.#fail(`the regular expression is not valid: ${error instanceof Error ? error.message : error}`)
    }
    this.#at += whole.length
    this.#skipSpace()
    return { kind: 'regex', field: fieldOf(field), source: unescaped }
  }

  #compare (field: string, comparison: Comparison): Filter {
    const text = this.#text(`a value for "${field}:"`)
    if (field === 'level') return { kind: 'level', levels: levelsBy(comparison, this.#level(text)) }
    const where = field === 'pid' ? field : fieldOf(field)
    if (field === 'user' || (where !== 'pid' && typeof where === 'string')) this.#fail(`"${field}" is text, and has no order`, text.at)
    return { kind: 'number', field: where as 'pid' | Attribute, comparison, value: this.#number(field, text) }
  }

  #level ({ at, pieces }: Text): Severity {
    const name = pieces.join('*').toLowerCase()
    // `warn`, `err` and `crit` are plain enough.
    const level = name.length < 3 ? undefined : severities.find((severity) => severity.startsWith(name))
    return level ?? this.#fail(`level must be one of ${severities.join(', ')}`, at)
  }

  /** As it was written: a text may be compared with all of its digits. */
  #number (field: string, { at, pieces }: Text): string {
    const text = pieces.join('*')
    return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? text : this.#fail(`"${field}" must be compared with a number`, at)
  }

  /** A text that ends before such a character, unless it is quoted. */
  #text (expected: string, unquotedEnd = endOfWord): Text {
    const at = this.#at
    const quoted = this.#take('"', false)
    const end = quoted ? /"/ : unquotedEnd
    const start = quoted ? undefined : this.#at
    const pieces: Text['pieces'] = ['']
    let hasColon = false
    for (;;) {
      let character = this.#query[this.#at]
      if (character === undefined || end.test(character)) break
      this.#at++
      if (character === '*' && !quoted) {
        pieces.push('')
        continue
      }
      if (character === ':' && !quoted) hasColon = true
      if (character === '\\' && (end === endOfPasted ? this.#see('\\') : this.#isEscape(start))) character = this.#query[this.#at++] ?? this.#expected('a character after "\\"')
      pieces[pieces.length - 1] += character
    }
    if (quoted ? !this.#take('"', false) : this.#at === at) this.#expected(quoted ? 'a closing quote' : expected)
    if (!this.#see(':')) this.#skipSpace()
    return { at, pieces, quoted, hasColon }
  }

  /** Whether the backslash before this place is no character of its own: of a path like C:\\Temp it is. */
  #isEscape (start: number | undefined): boolean {
    return this.#at - 1 === start || !/[\p{L}\p{N}_]/u.test(this.#query.charAt(this.#at))
  }

  #see (token: string): boolean {
    return this.#query.startsWith(token, this.#at)
  }

  #take (token: string, andSpace = true): boolean {
    if (!this.#see(token)) return false
    this.#at += token.length
    if (andSpace) this.#skipSpace()
    return true
  }

  #seeKeyword (keyword: string): boolean {
    return this.#see(keyword) && /^[\s()]?$/.test(this.#query.charAt(this.#at + keyword.length))
  }

  #takeKeyword (keyword: string): boolean {
    return this.#seeKeyword(keyword) && this.#take(keyword)
  }

  #skipSpace (): void {
    while (/\s/.test(this.#query.charAt(this.#at))) this.#at++
  }

  #expected (what: string): never {
    return this.#fail(`expected ${what}`)
  }

  #fail (rule: string, at = this.#at): never {
    throw new BadRequest(`query: at ${at + 1}: ${rule}`)
  }
}

function messagePattern ({ pieces: [first, ...others] }: Pick<Text, 'pieces'>): Pattern {
  return [messagePiece(first), ...others.map(messagePiece)]
}

function valuePattern ({ pieces: [first, ...others] }: Text): Pattern {
  return [valuePiece(first), ...others.map(valuePiece)]
}

function fieldOf (name: string): Field {
  return name === 'message' || name === 'process' || name === 'description' ? name : { path: name.split('.') }
}

function levelsBy (comparison: Comparison, level: Severity): Severity[] {
  const limit = severities.indexOf(level)
  return severities.filter((_, index) => comparison.startsWith('>') ? index > limit : index < limit).concat(comparison.endsWith('=') ? level : [])
}
