// The filter as a test on one record: for the thread that matches, too, which is why this is plain JavaScript.
import { likeTest, wordsTest } from '../text/patterns.js'
import { plainRunOfRegex } from '../text/prefilter.js'
import { regexTest } from '../text/regex.js'
import { asText, compares, valueAt } from '../text/values.js'

/**
 * Whether a record of a user is what a query asks for: what the database would say of its row.
 * @param {import('./filter.ts').Filter} filter
 * @returns {(record: import('../model/record.ts').LogRecord, userName: string) => boolean}
 */
export function matcherOf (filter) {
  const test = testOf(filter, regexTest, (text, test) => test(text))
  return (record, userName) => test(record, userName) === true
}

/** Most characters that a quick matcher looks at for one record, again for each condition: some microseconds. */
const quickCharacters = 4096

/**
 * The same, in a time that nobody notices: undefined where it would take longer, as most regular expressions may.
 * @param {import('./filter.ts').Filter} filter
 * @returns {(record: import('../model/record.ts').LogRecord, userName: string) => boolean | undefined}
 */
export function quickMatcherOf (filter) {
  const longest = quickCharacters / conditionsIn(filter)
  return testOf(filter, quickRegexTest, (text, test) => text.length > longest ? undefined : test(text))
}

/** False where a text lacks what every match holds. */
function quickRegexTest (source) {
  const run = plainRunOfRegex(source)
  return (text) => text.toLowerCase().includes(run) ? undefined : false
}

function conditionsIn (filter) {
  if (filter.kind === 'not') return conditionsIn(filter.filter)
  return 'of' in filter ? filter.of.reduce((sum, part) => sum + conditionsIn(part), 1) : 1
}

/**
 * @param {import('./filter.ts').Filter} filter
 * @param {(source: string) => (text: string) => boolean | undefined} regexTest
 * @param {(text: string, test: (text: string) => boolean | undefined) => boolean | undefined} hold what a test says of a text
 */
function testOf (filter, regexTest, hold) {
  const onText = (field, test) => (record) => {
    const text = textIn(record, field)
    return text !== undefined && hold(text, test)
  }
  switch (filter.kind) {
    case 'all': return partsTest(filter.of.map((part) => testOf(part, regexTest, hold)), false)
    case 'any': return partsTest(filter.of.map((part) => testOf(part, regexTest, hold)), true)
    case 'not': {
      const test = testOf(filter.filter, regexTest, hold)
      return (record, userName) => {
        const holds = test(record, userName)
        return holds === undefined ? undefined : !holds
      }
    }
    case 'words': return onText('message', wordsTest(filter.pattern))
    case 'value': return onText(filter.field, likeTest(filter.pattern))
    case 'regex': return onText(filter.field, regexTest(filter.source))
    case 'level': return ({ severity }) => filter.levels.includes(severity)
    case 'number': {
      const { field, comparison, value } = filter
      return (record) => compares(field === 'pid' ? record.pid : valueAt(record.attributes, field.path), comparison, value)
    }
    case 'exists': return ({ attributes }) => (valueAt(attributes, filter.path) ?? null) !== null
    case 'user': {
      const isLike = likeTest(filter.pattern)
      return (_record, userName) => isLike(userName)
    }
  }
}

/** All parts, or any: one that says `decisive` decides; else one that can't tell leaves it open. */
function partsTest (tests, decisive) {
  return (record, userName) => {
    let result = !decisive
    for (const test of tests) {
      const holds = test(record, userName)
      if (holds === decisive) return decisive
      if (holds === undefined) result = undefined
    }
    return result
  }
}

function textIn ({ message, processName, description, attributes }, field) {
  switch (field) {
    case 'message': return message
    case 'process': return processName
    case 'description': return description
    default: return asText(valueAt(attributes, field.path))
  }
}
