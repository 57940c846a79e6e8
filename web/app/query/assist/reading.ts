// What the parser understood, in plain words: all of a query, so that nothing in it is a surprise.
import type { Field, Filter, Pattern } from '../../../../src/query/filter.ts'
import { levels, type Level } from '../../api/types.ts'
import type { Language } from '../../texts/index.ts'
import type { en } from './texts/en.ts'

export type ReadingTexts = typeof en['reading']

/** A filter in words. Values and words are in lower case, as they are compared. */
export function readingOf (filter: Filter, texts: ReadingTexts, language: Language): string {
  return new Reader(texts, language).whole(filter)
}

const signs = { '=': '=', '>': '>', '>=': '≥', '<': '<', '<=': '≤' } as const

class Reader {
  readonly #texts: ReadingTexts
  readonly #language: Language

  constructor (texts: ReadingTexts, language: Language) {
    this.#texts = texts
    this.#language = language
  }

  /** The conditions of the query side by side; those of alternatives are linked by words. */
  whole (filter: Filter): string {
    if (filter.kind !== 'all' || rangeOf(filter) !== undefined) return this.#read(filter, true)
    if (filter.of.length === 0) return this.#texts.all
    return filter.of.map((part) => this.#bracketed(part, true, 'conjunction')).join(', ')
  }

  #read (filter: Filter, holds: boolean): string {
    switch (filter.kind) {
      case 'all': return this.#all(filter, holds)
      case 'any': return this.#any(filter.of, holds)
      case 'not': return this.#read(filter.filter, !holds)
      default: return this.#condition(filter, holds)
    }
  }

  #all (filter: Extract<Filter, { kind: 'all' }>, holds: boolean): string {
    const range = rangeOf(filter)
    if (range !== undefined) return holds ? range : this.#texts.not(range)
    if (filter.of.length === 0) return holds ? this.#texts.all : this.#texts.nothing
    return this.#list(filter.of, holds, holds ? 'conjunction' : 'disjunction')
  }

  /** Alternatives. Those about one field are one condition. */
  #any (of: readonly Filter[], holds: boolean): string {
    const name = sharedNameOf(of)
    if (name === undefined) return this.#list(of, holds, holds ? 'disjunction' : 'conjunction')
    if (of.every((part) => part.kind === 'level')) return this.#level(of.flatMap((part) => part.levels), holds)
    const values = of.flatMap((part) => part.kind === 'value' ? [this.#texts.quoted(part.pattern[0])] : [])
    return this.#texts[holds ? 'oneOf' : 'noneOf'](name, values.join(', '))
  }

  #list (of: readonly Filter[], holds: boolean, type: 'conjunction' | 'disjunction'): string {
    return new Intl.ListFormat(this.#language, { type }).format(of.map((part) => this.#bracketed(part, holds, type)))
  }

  /** A part of a list; in brackets if it is another list. */
  #bracketed (part: Filter, holds: boolean, type: 'conjunction' | 'disjunction'): string {
    const text = this.#read(part, holds)
    return isList(part) && linkOf(part, holds) !== type ? `(${text})` : text
  }

  #condition (filter: Exclude<Filter, { kind: 'all' | 'any' | 'not' }>, holds: boolean): string {
    const texts = this.#texts
    switch (filter.kind) {
      case 'words': return this.#words(filter.pattern, holds)
      case 'value': return this.#value(nameOf(filter.field), filter.pattern, holds)
      case 'user': return this.#value('user', filter.pattern, holds)
      case 'regex': return texts[holds ? 'regex' : 'notRegex'](nameOf(filter.field), filter.source)
      case 'exists': return texts[holds ? 'exists' : 'notExists'](nameOf(filter))
      case 'level': return this.#level(filter.levels, holds)
      case 'number': {
        const condition = `${nameOf(filter.field)} ${signs[filter.comparison]} ${filter.value}`
        return holds ? condition : texts.not(condition)
      }
    }
  }

  #words (pattern: Pattern, holds: boolean): string {
    const text = pattern.join('*')
    if (pattern.length > 1) return this.#texts[holds ? 'like' : 'notLike'](text)
    const isWord = /^[\p{L}\p{M}\p{N}_]+$/u.test(text)
    return isWord ? this.#texts[holds ? 'word' : 'notWord'](text) : this.#texts[holds ? 'text' : 'notText'](text)
  }

  #value (name: string, pattern: Pattern, holds: boolean): string {
    if (pattern.length > 1) return this.#texts[holds ? 'valueLike' : 'notValueLike'](name, pattern.join('*'))
    return this.#texts[holds ? 'value' : 'notValue'](name, pattern[0])
  }

  #level (wanted: readonly Level[], holds: boolean): string {
    const text = this.#levels(levels.filter((level) => wanted.includes(level)))
    return holds ? text : this.#texts.not(text)
  }

  #levels (wanted: readonly Level[]): string {
    const { level, levelFrom, levelTo, anyLevel, noLevel } = this.#texts
    const [first] = wanted
    const last = wanted.at(-1)
    if (first === undefined || last === undefined) return noLevel
    if (wanted.length === levels.length) return anyLevel
    const isRun = levels.indexOf(last) - levels.indexOf(first) === wanted.length - 1
    if (wanted.length > 1 && isRun && last === 'critical') return levelFrom(first)
    if (wanted.length > 1 && isRun && first === 'debug') return levelTo(last)
    return level(new Intl.ListFormat(this.#language, { type: 'disjunction' }).format(wanted))
  }
}

/** Whether a filter reads as several conditions. */
function isList (filter: Filter): boolean {
  if (filter.kind === 'not') return isList(filter.filter)
  if (filter.kind === 'any') return filter.of.length > 1 && sharedNameOf(filter.of) === undefined
  return filter.kind === 'all' && filter.of.length > 1 && rangeOf(filter) === undefined
}

/** The field of alternatives that are all plain values of it. */
function sharedNameOf (of: readonly Filter[]): string | undefined {
  const [name, ...others] = of.map((part) => part.kind === 'level'
    ? 'level'
    : part.kind === 'value' && part.pattern.length === 1 ? nameOf(part.field) : undefined)
  return others.every((other) => other === name) ? name : undefined
}

function linkOf (filter: Filter, holds: boolean): 'conjunction' | 'disjunction' {
  if (filter.kind === 'not') return linkOf(filter.filter, !holds)
  return (filter.kind === 'all') === holds ? 'conjunction' : 'disjunction'
}

/** `1 ≤ latency ≤ 2` of `latency:[1 TO 2]`. */
function rangeOf (filter: Filter): string | undefined {
  if (filter.kind !== 'all') return undefined
  const [low, high, ...others] = filter.of
  if (low?.kind !== 'number' || high?.kind !== 'number' || others.length > 0) return undefined
  const name = nameOf(low.field)
  const isRange = low.comparison === '>=' && high.comparison === '<=' && name === nameOf(high.field)
  return isRange ? `${low.value} ≤ ${name} ≤ ${high.value}` : undefined
}

function nameOf (field: Field | 'pid'): string {
  return typeof field === 'string' ? field : field.path.join('.')
}
