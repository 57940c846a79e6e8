import type { LogRecord } from '../record.ts'
import { fold } from '../words.js'
import type { Comparison, Field, Filter, Pattern } from './filter.ts'

/** Whether a record is what a query asks for: what the database would say of its row. */
export type Matcher = (record: LogRecord) => boolean

/** The filter as a test on one record. */
export function matcherOf (filter: Filter): Matcher {
  switch (filter.kind) {
    case 'all': {
      const of = filter.of.map(matcherOf)
      return (record) => of.every((matches) => matches(record))
    }
    case 'any': {
      const of = filter.of.map(matcherOf)
      return (record) => of.some((matches) => matches(record))
    }
    case 'not': {
      const matches = matcherOf(filter.filter)
      return (record) => !matches(record)
    }
    case 'words': {
      const holds = wordsMatcher(filter.pattern)
      return ({ message }) => holds(fold(message))
    }
    case 'value': {
      const { field, pattern } = filter
      return (record) => texts(record, field).some((text) => isLike(fold(text), pattern))
    }
    case 'level':
      return ({ severity }) => filter.levels.includes(severity)
    case 'number': {
      const { field, comparison, value } = filter
      return (record) => {
        const number = field === 'pid' ? record.pid : valueAt(record, field.path)
        return typeof number === 'number' && compare(number, comparison, value)
      }
    }
    case 'exists':
      return (record) => (valueAt(record, filter.path) ?? null) !== null
  }
}

const wordCharacter = /[\p{L}\p{M}\p{N}_]/u

/** In the message an end of the pattern may not cut a word in two. */
function wordsMatcher (pattern: Pattern): (text: string) => boolean {
  const first = pattern[0]
  const last = pattern.at(-1)!
  const bound = (character: string | undefined, side: '!' | '=') => character !== undefined && wordCharacter.test(character) ? `(?<${side}[\\p{L}\\p{M}\\p{N}_])` : ''
  const start = bound(Array.from(first)[0], '!')
  const end = bound(Array.from(last).at(-1), '!').replace('(?<!', '(?!')
  const expression = new RegExp(start + pattern.map(escape).join('.*?') + end, 'su')
  return (text) => expression.test(text)
}

function escape (text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function isLike (text: string, [first, ...others]: Pattern): boolean {
  if (others.length === 0) return text === first
  if (!text.startsWith(first)) return false
  const last = others.pop()!
  let at = first.length
  for (const piece of others) {
    const found = text.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

function compare (number: number, comparison: Comparison, value: number): boolean {
  switch (comparison) {
    case '=': return number === value
    case '<': return number < value
    case '<=': return number <= value
    case '>': return number > value
    case '>=': return number >= value
  }
}

/** What the record has there as text; an object or a list has none. */
function texts (record: LogRecord, field: Field): string[] {
  if (field === 'message') return [record.message]
  if (field === 'process') return [record.processName]
  if (field === 'description') return [record.description]
  const value = valueAt(record, field.path)
  return typeof value === 'object' || value === undefined ? [] : [String(value)]
}

/** An attribute's own name may hold dots: `{"a.b": 1}` and `{"a": {"b": 1}}` are both found at `a.b`. */
function valueAt ({ attributes }: LogRecord, path: readonly string[]): unknown {
  const whole = path.join('.')
  if (attributes !== null && Object.hasOwn(attributes, whole)) return attributes[whole]
  return path.reduce<unknown>((value, name) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
  }, attributes)
}
