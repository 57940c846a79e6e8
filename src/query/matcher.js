// Filters as tests on one record. Plain JavaScript, because the thread that matches runs it, too.
import { likeTest, wordsTest } from '../text/patterns.js'
import { plainRunOfRegex } from '../text/prefilter.js'
import { regexTest } from '../text/regex.js'
import { asText, compares, valueAt } from '../text/values.js'

/** @import { LogRecord } from '../model/record.ts' */
/** @import { Field, Filter } from './filter.ts' */

/**
 * Result of a test; undefined where it would take too long to tell.
 * @typedef {boolean | undefined} Verdict
 */
/** @typedef {(text: string) => Verdict} TextTest */
/** @typedef {(record: LogRecord, userName: string) => Verdict} RecordTest */

/**
 * How texts are tested.
 * @typedef {object} TextTests
 * @property {(source: string) => TextTest} regex makes the test for a regular expression
 * @property {(text: string, test: TextTest) => Verdict} run runs a test on a text
 */

/**
 * The exact test: as the database would decide on the record's row.
 * @param {Filter} filter
 * @returns {(record: LogRecord, userName: string) => boolean}
 */
export function matcherOf (filter) {
  const test = testOf(filter, { regex: regexTest, run: (text, test) => test(text) })
  return (record, userName) => test(record, userName) === true
}

/** Characters of one record that a quick matcher tests at most, over all conditions: some microseconds. */
const maxQuickCharacters = 4096

/**
 * The test within microseconds: undefined where it would take longer, as with most regular expressions.
 * @param {Filter} filter
 * @returns {RecordTest}
 */
export function quickMatcherOf (filter) {
  const maxLength = maxQuickCharacters / countConditions(filter)
  return testOf(filter, {
    regex: quickRegexTest,
    run: (text, test) => text.length > maxLength ? undefined : test(text)
  })
}

/**
 * False for a text that lacks a run of characters that every match has.
 * @param {string} source
 * @returns {TextTest}
 */
function quickRegexTest (source) {
  const run = plainRunOfRegex(source)
  return (text) => text.toLowerCase().includes(run) ? undefined : false
}

/**
 * @param {Filter} filter
 * @returns {number}
 */
function countConditions (filter) {
  if (filter.kind === 'not') return countConditions(filter.filter)
  return 'of' in filter ? filter.of.reduce((sum, part) => sum + countConditions(part), 1) : 1
}

/**
 * @param {Filter} filter
 * @param {TextTests} texts
 * @returns {RecordTest}
 */
function testOf (filter, texts) {
  switch (filter.kind) {
    case 'all': return combine(filter.of.map((part) => testOf(part, texts)), false)
    case 'any': return combine(filter.of.map((part) => testOf(part, texts)), true)
    case 'not': {
      const test = testOf(filter.filter, texts)
      return (record, userName) => {
        const holds = test(record, userName)
        return holds === undefined ? undefined : !holds
      }
    }
    case 'words': return fieldTest('message', wordsTest(filter.pattern), texts)
    case 'value': return fieldTest(filter.field, likeTest(filter.pattern), texts)
    case 'regex': return fieldTest(filter.field, texts.regex(filter.source), texts)
    case 'level': return ({ severity }) => filter.levels.includes(severity)
    case 'number': {
      const { field, comparison, value } = filter
      return (record) =>
        compares(field === 'pid' ? record.pid : valueAt(record.attributes, field.path), comparison, value)
    }
    case 'exists': return ({ attributes }) => (valueAt(attributes, filter.path) ?? null) !== null
    case 'user': {
      const isLike = likeTest(filter.pattern)
      return (_record, userName) => isLike(userName)
    }
  }
}

/**
 * @param {Field} field
 * @param {TextTest} test
 * @param {TextTests} texts
 * @returns {RecordTest}
 */
function fieldTest (field, test, { run }) {
  return (record) => {
    const text = textIn(record, field)
    return text !== undefined && run(text, test)
  }
}

/**
 * Combines tests by AND (decided by the first false) or OR (by the first true). Undecided if none decides and one
 * can't tell.
 * @param {readonly RecordTest[]} tests
 * @param {boolean} decisive
 * @returns {RecordTest}
 */
function combine (tests, decisive) {
  return (record, userName) => {
    /** @type {Verdict} */
    let result = !decisive
    for (const test of tests) {
      const holds = test(record, userName)
      if (holds === decisive) return decisive
      if (holds === undefined) result = undefined
    }
    return result
  }
}

/**
 * @param {LogRecord} record
 * @param {Field} field
 * @returns {string | undefined}
 */
function textIn ({ message, processName, description, attributes }, field) {
  switch (field) {
    case 'message': return message
    case 'process': return processName
    case 'description': return description
    default: return asText(valueAt(attributes, field.path))
  }
}
