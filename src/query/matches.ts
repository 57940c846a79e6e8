import type { LogRecord } from '../record.ts'
import { asText, likeTest, regexTest, valueAt, wordsTest } from '../text.js'
import type { Comparison, Field, Filter } from './filter.ts'

/** Whether a record of a user is what a query asks for: what the database would say of its row. */
export type Matcher = (record: LogRecord, userName: string) => boolean

/** The filter as a test on one record. */
export function matcherOf (filter: Filter): Matcher {
  switch (filter.kind) {
    case 'all': {
      const of = filter.of.map(matcherOf)
      return (record, userName) => of.every((matches) => matches(record, userName))
    }
    case 'any': {
      const of = filter.of.map(matcherOf)
      return (record, userName) => of.some((matches) => matches(record, userName))
    }
    case 'not': {
      const matches = matcherOf(filter.filter)
      return (record, userName) => !matches(record, userName)
    }
    case 'words': {
      const holds = wordsTest(filter.pattern)
      return ({ message }) => holds(message)
    }
    case 'value':
      return onText(filter.field, likeTest(filter.pattern))
    case 'regex':
      return onText(filter.field, regexTest(filter.source))
    case 'level':
      return ({ severity }) => filter.levels.includes(severity)
    case 'number': {
      const { field, comparison, value } = filter
      return (record) => {
        const number = field === 'pid' ? record.pid : valueAt(record.attributes, field.path)
        return typeof number === 'number' && compare(number, comparison, value)
      }
    }
    case 'exists':
      return ({ attributes }) => (valueAt(attributes, filter.path) ?? null) !== null
    case 'user': {
      const isLike = likeTest(filter.pattern)
      return (_record, userName) => isLike(userName)
    }
  }
}

function onText (field: Field, test: (text: string) => boolean): Matcher {
  return (record) => {
    const text = textOf(record, field)
    return text !== undefined && test(text)
  }
}

function textOf ({ message, processName, description, attributes }: LogRecord, field: Field): string | undefined {
  switch (field) {
    case 'message': return message
    case 'process': return processName
    case 'description': return description
    default: return asText(valueAt(attributes, field.path))
  }
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
