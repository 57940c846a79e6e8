import fc from 'fast-check'
import t from 'tap'
import { parseFilter } from '../../src/query/parse.ts'
import { matcherOf } from '../../src/query/matcher.js'
import type { LogRecord } from '../../src/model/record.ts'
import { clausesOf, quote } from '../../web/app/query/clauses.ts'
import { isValid } from '../../web/app/query/parse.ts'
import { refine } from '../../web/app/query/refine.ts'

t.test('a click changes the clause of its field, and leaves the others as they were written', async (t) => {
  const cases: Array<[query: string, change: Parameters<typeof refine> extends [string, ...infer Rest] ? Rest : never, expected: string]> = [
    ['', ['level', 'error', 'only'], 'level:error'],
    ['payment  "card declined"', ['process', 'api', 'only'], 'payment "card declined" process:api'],
    ['process:api order', ['process', 'billing', 'only'], 'order process:billing'],
    ['process:api order', ['process', 'billing', 'also'], 'order process:(api OR billing)'],
    ['process:(api OR billing)', ['process', 'API', 'also'], 'process:(billing OR API)'],
    ['process:api', ['process', 'api', 'out'], '-process:api'],
    ['-process:api x', ['process', 'api', 'only'], 'x process:api'],
    ['NOT process:api x', ['process', 'web', 'out'], 'NOT process:api x -process:web'],
    ['level:>=warning order', ['level', 'error', 'also'], 'level:>=warning order level:error'],
    ['a OR b', ['level', 'error', 'out'], '(a OR b) -level:error'],
    ['(a OR b) -c', ['order.id', 'A 1"\\', 'only'], '(a OR b) -c order.id:"A 1\\"\\\\"'],
    ['latency:[1 TO 2] x', ['latency', '3', 'only'], 'latency:[1 TO 2] x latency:3']
  ]
  for (const [query, change, expected] of cases) {
    t.equal(refine(query, ...change), expected)
    t.ok(isValid(expected))
  }
})

t.test('what is refined finds what it says, whatever the value', async (t) => {
  const value = fc.oneof(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), fc.constantFrom('AND', '-x', 'a:b', '*', 'a*b', '\\', '"', '/x/', '(', ']'))
  const word = fc.constantFrom('payment', '-retry', '"card declined"', 'level:>=warning', '(a OR b)', 'process:api', '-process:web', 'order.id:(x OR y)', 'NOT pid:1', '/ab+c/')
  await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 5 }), value, fc.constantFrom('only', 'also', 'out'), async (words, value, how) => {
    fc.pre(value.trim() !== '')
    const query = refine(words.join(' '), 'key', value, how)
    const matches = matcherOf(parseFilter(query))
    const rest = matcherOf(parseFilter(words.join(' ')))
    for (const key of [value, `${value}x`, undefined]) {
      for (const message of ['payment of a', 'card declined', 'retry abc b']) {
        const log = record({ message, attributes: key === undefined ? null : { key } })
        const isWanted = (key === value) === (how !== 'out')
        t.equal(matches(log, ''), rest(log, '') && isWanted) || t.comment(query, key)
      }
    }
  }), { numRuns: 300 })
})

t.test('clauses cover their query', async (t) => {
  t.match(clausesOf('a -b:c d:(e OR "f g") NOT (h OR i) /j k/ l:[1 TO 2]')?.map(({ isNegated, field, values }) => [isNegated, field, values]), [
    [false, undefined, []], [true, 'b', ['c']], [false, 'd', ['e', '"f g"']], [true, undefined, []], [false, undefined, []], [false, 'l', []]
  ])
  t.equal(clausesOf('a OR b'), undefined)
  t.equal(quote('a b'), '"a b"')
})

function record (of: Partial<LogRecord>): LogRecord {
  const at = '2026-11-26 10:00:00.000000'
  return { severity: 'error', processName: 'api', pid: 7, description: '', message: '', eventAt: at, postTime: at, attributes: null, ...of }
}
