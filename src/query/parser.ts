// The query language, by recursive descent:
//
//   query      = [ any ]
//   any        = all { "OR" all }
//   all        = not { [ "AND" ] not }
//   not        = [ "NOT" | "-" ] one
//   one        = "(" any ")" | pasted | field ":" condition | text | regex
//   condition  = ( ">" | ">=" | "<" | "<=" ) value | "[" value "TO" value "]" | "(" value { [ "OR" ] value } ")"
//              | "*" | value | regex
//   text       = value                    in the message, as whole words
//   value      = word | quoted            after a field a word may hold ":"
//   word       = characters other than white space, quotes, brackets and ":"; "*" is anything
//   quoted     = '"' characters '"'       "*" is itself
//   regex      = "/" characters "/"       RE2's syntax, in any case; "\/" is a slash; ends before a space, a bracket
//                                         or the end
//   field      = word | quoted            level, pid, process, description, message, user, or an attribute by its
//                                         dotted name
//   pasted     = a word with ":" in it that names no field: an address, a time, a URL, a path (see tokens.ts)
//
// "\" escapes the next character; but before a letter or a digit it stands for itself, unless it begins the word. In
// pasted text it escapes only another "\".
import { BadRequest } from '../model/bad-request.ts'
import { severities, type Severity } from '../model/record.ts'
import { messagePiece, valuePiece } from '../text/fold.js'
import { regexWeight } from '../text/regex-weight.js'
import type { Comparison } from '../text/values.js'
import { everything, type Attribute, type Field, type Filter, type Pattern } from './filter.ts'
import { anyWord, Tokens, type Text, type Token } from './tokens.ts'

export { BadRequest }

const maxQueryLength = 4096
const maxDepth = 64
/** Conditions of a query: each may be tested on each log. */
const maxConditions = 256
/** Weight of all regular expressions: they compile within milliseconds, and take some more to test a log. */
const maxRegexWeight = 1200

/** Compiles a regular expression, in RE2's syntax; throws where it is not valid. */
type CompileRegex = (source: string) => unknown

/**
 * Parses a query as `parseFilter` does, for programs that bring their own check of regular expressions.
 *
 * Throws BadRequest, with its fault.
 */
export function parseQuery (query: string, compileRegex: CompileRegex): Filter {
  return new Parser(query, compileRegex).parse()
}

/** Tokens of a query, in their order; those before the first fault of an invalid one. */
export function tokensOf (query: string): Token[] {
  const tokens = new Tokens(query)
  try {
    new Parser(query, () => {}, tokens).parse()
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
  }
  return tokens.read
}

class Parser {
  readonly #tokens: Tokens
  readonly #compileRegex: CompileRegex
  #depth = 0
  #conditions = 0
  #regexWeight = 0

  constructor (query: string, compileRegex: CompileRegex, tokens = new Tokens(query)) {
    if (query.length > maxQueryLength) {
      const fault = { rule: 'query.too-long', field: 'query', limit: maxQueryLength } as const
      throw new BadRequest(`query must have ${maxQueryLength} characters at most`, fault)
    }
    this.#tokens = tokens
    this.#compileRegex = compileRegex
  }

  parse (): Filter {
    const filter = this.#tokens.isAtEnd ? everything : this.#any()
    if (this.#tokens.isAtEnd) return filter
    return this.#tokens.expected({ names: ['end'], words: 'the end of the query' })
  }

  #any (): Filter {
    const first = this.#all()
    const others: Filter[] = []
    while (this.#tokens.takeKeyword('OR')) others.push(this.#all())
    return others.length === 0 ? first : { kind: 'any', of: [first, ...others] }
  }

  #all (): Filter {
    const first = this.#not()
    const others: Filter[] = []
    while (this.#tokens.takeKeyword('AND') || this.#hasMore()) others.push(this.#not())
    return others.length === 0 ? first : { kind: 'all', of: [first, ...others] }
  }

  #hasMore (): boolean {
    return !this.#tokens.isAtEnd && !this.#tokens.see(')') && !this.#tokens.seeKeyword('OR')
  }

  #not (): Filter {
    const isNegated = this.#tokens.takeKeyword('NOT') || this.#tokens.take('-')
    return isNegated ? { kind: 'not', filter: this.#one() } : this.#one()
  }

  #one (): Filter {
    if (this.#tokens.take('(')) return this.#bracketed(() => this.#any())
    this.#countCondition()
    const regex = this.#regex('message')
    if (regex) return regex
    const pasted = this.#tokens.pastedText()
    if (pasted) return { kind: 'words', pattern: messagePattern(pasted) }
    const text = this.#tokens.word(anyWord)
    return this.#tokens.takeColon() ? this.#condition(text) : { kind: 'words', pattern: messagePattern(text) }
  }

  #countCondition (): void {
    if (++this.#conditions <= maxConditions) return
    const failure = { rule: 'query.too-many-conditions', limit: maxConditions } as const
    this.#tokens.fail(failure, `a query may have ${maxConditions} conditions at most, and a word is one`)
  }

  #bracketed<T> (inner: () => T): T {
    if (++this.#depth > maxDepth) {
      this.#tokens.fail({ rule: 'query.too-deep', limit: maxDepth }, `brackets may stand ${maxDepth} deep at most`)
    }
    const result = inner()
    if (!this.#tokens.take(')')) this.#tokens.expected({ names: ['closing-bracket'], words: 'a closing bracket' })
    this.#depth--
    return result
  }

  #condition (name: Text): Filter {
    const field = name.pieces.join('*')
    if (this.#tokens.take('(')) return this.#bracketed(() => this.#list(field))
    return this.#tokens.take('[') ? this.#range(field) : this.#simple(field)
  }

  #list (field: string): Filter {
    const of = [this.#simple(field)]
    while (this.#tokens.takeKeyword('OR') || this.#hasMore()) {
      this.#countCondition()
      of.push(this.#simple(field))
    }
    return { kind: 'any', of }
  }

  #range (field: string): Filter {
    const low = this.#compare(field, '>=')
    if (!this.#tokens.takeKeyword('TO')) this.#tokens.expected({ names: ['to'], words: 'TO' })
    const high = this.#compare(field, '<=')
    if (!this.#tokens.take(']')) this.#tokens.expected({ names: ['closing-square-bracket'], words: '"]"' })
    return { kind: 'all', of: [low, high] }
  }

  #simple (field: string): Filter {
    for (const comparison of ['>=', '<=', '>', '<'] as const) {
      if (this.#tokens.take(comparison)) return this.#compare(field, comparison)
    }
    const regex = this.#regex(field)
    if (regex) return regex
    const text = this.#tokens.value({ names: ['field-value'], words: `a value after "${field}:"` })
    switch (field) {
      case 'level': return { kind: 'level', levels: [this.#level(text)] }
      case 'pid': return { kind: 'number', field, comparison: '=', value: this.#number(field, text) }
      case 'user': return { kind: field, pattern: valuePattern(text) }
      case 'message': return { kind: 'words', pattern: messagePattern(text) }
      default: return this.#value(field, text)
    }
  }

  /** Searches the message, too, for a value with colons: it may be pasted text, to which the field's name belongs. */
  #value (name: string, text: Text): Filter {
    const field = fieldOf(name)
    if (typeof field === 'object' && !text.quoted && text.pieces.join('*') === '*') {
      return { kind: 'exists', path: field.path }
    }
    const value: Filter = { kind: 'value', field, pattern: valuePattern(text) }
    if (typeof field === 'string' || !text.hasColon) return value
    this.#countCondition()
    const [first, ...others] = text.pieces
    const pasted = messagePattern({ pieces: [`${name}:${first}`, ...others] })
    return { kind: 'any', of: [value, { kind: 'words', pattern: pasted }] }
  }

  #regex (field: string): Filter | undefined {
    const { at, source } = this.#tokens.regex() ?? {}
    if (source === undefined) return undefined
    if (['level', 'pid', 'user'].includes(field)) {
      this.#tokens.fail({ rule: 'query.regex-field', at }, `"${field}" takes no regular expression`)
    }
    this.#regexWeight += regexWeight(source)
    if (this.#regexWeight > maxRegexWeight) {
      const advice = 'use fewer or shorter ones, or lower the counts in {}'
      const failure = { rule: 'query.regex-too-large', at, limit: maxRegexWeight } as const
      this.#tokens.fail(failure, `the regular expressions are too large: ${advice}`)
    }
    try {
      this.#compileRegex(source)
    } catch (error) {
      const reason = error instanceof Error ? error.message : error
      this.#tokens.fail({ rule: 'query.regex', at }, `the regular expression is not valid: ${reason}`)
    }
    return { kind: 'regex', field: fieldOf(field), source }
  }

  #compare (field: string, comparison: Comparison): Filter {
    const text = this.#tokens.word({ names: ['field-value'], words: `a value for "${field}:"` })
    if (field === 'level') return { kind: 'level', levels: levelsBy(comparison, this.#level(text)) }
    return { kind: 'number', field: this.#orderedField(field, text), comparison, value: this.#number(field, text) }
  }

  #orderedField (name: string, { at }: Text): 'pid' | Attribute {
    if (name === 'pid') return name
    const field = fieldOf(name)
    const hasOrder = name !== 'user' && typeof field === 'object'
    return hasOrder ? field : this.#tokens.fail({ rule: 'query.no-order', at }, `"${name}" is text, and has no order`)
  }

  #level ({ at, pieces }: Text): Severity {
    const name = pieces.join('*').toLowerCase()
    // `warn`, `err` and `crit` are plain enough.
    const level = name.length < 3 ? undefined : severities.find((severity) => severity.startsWith(name))
    const failure = { rule: 'query.level', at, expected: severities } as const
    return level ?? this.#tokens.fail(failure, `level must be one of ${severities.join(', ')}`)
  }

  /** Number as it was written, because a text may be compared with all of its digits. */
  #number (field: string, { at, pieces }: Text): string {
    const text = pieces.join('*')
    const isNumber = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text) && Number.isFinite(Number(text))
    if (isNumber) return text
    return this.#tokens.fail({ rule: 'query.number', at }, `"${field}" must be compared with a number`)
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
  const isMore = comparison.startsWith('>')
  return severities.filter((other, index) =>
    (isMore ? index > limit : index < limit) || (other === level && comparison.endsWith('=')))
}
