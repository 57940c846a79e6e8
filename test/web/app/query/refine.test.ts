import fc from 'fast-check'
import t from 'tap'
import { parseFilter } from '../../../../src/query/parse.ts'
import { matcherOf } from '../../../../src/query/matcher.js'
import type { LogRecord } from '../../../../src/model/record.ts'
import { clausesOf } from '../../../../web/app/query/clauses.ts'
import { isValid } from '../../../../web/app/query/parse.ts'
import { quote, quoteName } from '../../../../web/app/query/quote.ts'
import { refine, type Refinement } from '../../../../web/app/query/refine.ts'

t.test('a click changes the clause of its field, and leaves the others as they were written', async (t) => {
  const cases: Array<[query: string, change: [field: string, value: string, how: Refinement], expected: string]> = [
    ['', ['level', 'error', 'only'], 'level:error'],
    ['payment  "card declined"', ['process', 'api', 'only'], 'payment  "card declined" process:api'],
    ['process:api order', ['process', 'billing', 'only'], 'process:billing order'],
    ['process:api order', ['process', 'billing', 'also'], 'process:(api OR billing) order'],
    ['level:error AND order', ['level', 'critical', 'also'], 'level:(error OR critical) AND order'],
    ['process:(api OR billing)', ['process', 'API', 'also'], 'process:(api OR billing)'],
    ['process:api', ['process', 'api', 'out'], '-process:api'],
    ['process:(Api OR "billing x") x', ['process', 'api', 'out'], 'process:"billing x" x'],
    ['-process:api x', ['process', 'api', 'only'], 'process:api x'],
    ['-process:api x', ['process', 'api', 'also'], 'x'],
    ['-process:(api OR web) x', ['process', 'api', 'also'], '-process:web x'],
    ['NOT process:api x', ['process', 'web', 'out'], 'NOT process:api x -process:web'],
    ['-process:api', ['process', 'api', 'out'], '-process:api'],
    ['level:>=warning order', ['level', 'error', 'also'], 'level:>=warning order'],
    ['level:>=error order', ['level', 'info', 'also'], 'level:(error OR critical OR info) order'],
    ['level:>=error order', ['level', 'critical', 'out'], 'level:error order'],
    ['a OR b', ['level', 'error', 'out'], '(a OR b) -level:error'],
    ['(a OR b) -c', ['order.id', 'A 1"\\', 'only'], '(a OR b) -c order.id:"A 1\\"\\\\"'],
    ['latency:[1 TO 2] x', ['latency', '3', 'only'], 'latency:[1 TO 2] x latency:3'],
    ['pid:7', ['pid', '8', 'also'], 'pid:(7 OR 8)'],
    ['"process":api', ['process', 'web', 'only'], 'process:web'],
    ['', ['404', 'x', 'only'], '"404":x'],
    ['/usr process:"x/y" b/', ['process', 'z', 'also'], '/usr process:("x/y" OR z) b/'],
    ['/usr -process:"x/y" b/', ['process', 'x/y', 'also'], '\\/usr b/'],
    ['message:a', ['message', 'b', 'only'], 'message:a message:b']
  ]
  for (const [query, change, expected] of cases) {
    t.equal(refine(query, ...change), expected)
    t.ok(isValid(expected))
  }
})

const values = ['api', 'web', 'AND', '-x', 'a:b', '*', 'a*b', '\\', '"', '/x/', 'x/ y', '(', ']', 'é 1', ' ']
const fields = ['process', 'description', 'key', 'a.b', '404', 'localhost', 'x "y"', 'attributes.level']

interface Condition {
  field: string
  values: string[]
  isNegated: boolean
}

const condition: fc.Arbitrary<Condition> = fc.record({
  field: fc.constantFrom(...fields.slice(0, 3)),
  values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }),
  isNegated: fc.boolean()
})
const other = fc.constantFrom('payment', '-retry', '"card declined"', 'level:>=warning', '(a OR b)', 'NOT pid:1', '/ab+c/', '/usr', '(/a)', 'b/', 'retry*', 'pid:(7 OR 8)')

t.test('what is refined finds what it says, and the rest keeps its meaning', async (t) => {
  const part = fc.oneof({ weight: 1, arbitrary: condition }, { weight: 2, arbitrary: other })
  const wanted = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) })
  fc.assert(fc.property(fc.array(part, { maxLength: 5 }), fc.constantFrom(...fields), wanted, fc.constantFrom('only', 'also', 'out'), (parts, field, value, how) => {
    const texts = parts.map((part) => typeof part === 'string' ? part : write(part))
    const query = texts.join(' ')
    fc.pre(isAllOf(query, texts))
    const refined = refine(query, field, value, how)
    const matches = matcherOf(parseFilter(refined))
    const rest = parts.filter((part) => typeof part === 'string').map((part) => matcherOf(parseFilter(part)))
    const conditions = parts.filter((part) => typeof part !== 'string')
    for (const found of [...values, value, `${value}x`, undefined]) {
      for (const message of ['payment of a', 'card declined', 'retry abc b/', '/usr /a b/ payment']) {
        const log = logWith(field, found, message)
        const others = conditions.filter((condition) => condition.field !== field).every((condition) => holds(condition, valueIn(log, condition.field)))
        const expected = rest.every((matches) => matches(log, '')) && others && isWanted(conditions.filter((condition) => condition.field === field), { value, how }, found)
        if (matches(log, '') !== expected) throw new Error(`${query} → ${refined}: ${JSON.stringify(log)}`)
      }
    }
  }), { numRuns: 700 })
  t.pass('each found the logs that it should')
})

t.test('clauses put together again are the query', async (t) => {
  fc.assert(fc.property(fc.array(fc.oneof(condition.map(write), other), { maxLength: 6 }), fc.constantFrom(' ', ' AND ', '\n  '), (parts, between) => {
    const query = parts.join(between)
    // Two words with a slash are a regular expression where they stand in one query.
    fc.pre(isAccepted(query) && !/(?:^|\s)\/usr\b.*\bb\/(?:\s|$)/s.test(query))
    const clauses = clausesOf(query)
    if (!clauses) return query.includes(' OR ')
    return isAllOf(query, clauses.map(({ start, end }) => query.slice(start, end)))
  }), { numRuns: 1000 })
  t.equal(clausesOf('a OR b'), undefined)
})

t.test('names and values are read back as they were', async (t) => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 })
  fc.assert(fc.property(fc.oneof(fc.constantFrom(...fields), text), fc.oneof(fc.constantFrom(...values), text), (name, value) => {
    fc.pre(!['level', 'pid', 'user', 'message', 'process', 'description'].includes(name))
    const expected = { kind: 'value', field: { path: name.split('.') }, pattern: [fold(value)] }
    return JSON.stringify(parseFilter(`${quoteName(name)}:${quote(value)}`)) === JSON.stringify(expected)
  }), { numRuns: 2000 })
  t.equal(quote('a b'), '"a b"')
  t.equal(quoteName('1"'), '"1\\""')
})

/** Whether a query means all of these, and nothing else: put together, they may be read in another way. */
function isAllOf (query: string, texts: string[]): boolean {
  if (!isAccepted(query)) return false
  const of = texts.map((text) => parseFilter(text))
  return JSON.stringify(parseFilter(query)) === JSON.stringify(of.length === 1 ? of[0] : { kind: 'all', of })
}

/** Whether the server accepts it: `/usr process:"(" b/` is a regular expression without its closing bracket. */
function isAccepted (query: string): boolean {
  try {
    parseFilter(query)
    return true
  } catch {
    return false
  }
}

function write ({ field, values, isNegated }: Condition): string {
  const texts = values.map((value) => `"${value.replaceAll(/["\\/]/g, '\\$&')}"`)
  return `${isNegated ? '-' : ''}${field}:${texts.length > 1 ? `(${texts.join(' OR ')})` : texts.join('')}`
}

function holds ({ values, isNegated }: Condition, found: string | undefined): boolean {
  return values.some((value) => isSame(value, found)) !== isNegated
}

/** Whether a log with this value of the field is wanted, by the conditions about the field and the click. */
function isWanted (conditions: Condition[], { value, how }: { value: string, how: Refinement }, found: string | undefined): boolean {
  const isIt = isSame(value, found)
  const [asking, excluding] = [conditions.filter(({ isNegated }) => !isNegated), conditions.filter(({ isNegated }) => isNegated)]
  if (how === 'only') return isIt
  if (how === 'out') return !isIt && excluding.every((condition) => holds(condition, found)) && asking.filter(({ values }) => !values.every((other) => isSame(other, value))).every((condition) => holds(condition, found))
  const isExcluded = excluding.some(({ values }) => values.some((other) => !isSame(other, value) && isSame(other, found)))
  if (isExcluded) return false
  if (asking.length > 0) return isIt || asking.some((condition) => holds(condition, found))
  return isIt || excluding.some(({ values }) => values.some((other) => isSame(other, value)))
}

function isSame (one: string, other: string | undefined): boolean {
  return other !== undefined && fold(one) === fold(other)
}

/** As the server folds it. */
function fold (text: string): string {
  const filter = parseFilter(`x:"${text.replaceAll(/["\\]/g, '\\$&')}"`)
  return filter.kind === 'value' ? filter.pattern[0] : ''
}

function valueIn (log: LogRecord, field: string): string | undefined {
  if (field === 'process') return log.processName
  if (field === 'description') return log.description
  const value = log.attributes?.[field]
  return typeof value === 'string' ? value : undefined
}

function logWith (field: string, value: string | undefined, message: string): LogRecord {
  const at = '2026-11-26 10:00:00.000000'
  const log: LogRecord = { severity: 'error', processName: 'api', pid: 7, description: '', message, eventAt: at, postTime: at, attributes: null }
  if (field === 'process') return { ...log, processName: value ?? '' }
  if (field === 'description') return { ...log, description: value ?? '' }
  return value === undefined ? log : { ...log, attributes: { [field.replace('attributes.', '')]: value } }
}
