import { readFileSync } from 'node:fs'
import t from 'tap'
import { rules, type Fault, type Rule } from '../../../src/model/bad-request.ts'
import { tokensOf } from '../../../src/query/parser.ts'
import { root } from '../../helpers/command.ts'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { apiKey, basic, createUser, startService } from '../../helpers/service.ts'

const levels = ['debug', 'info', 'warning', 'error', 'critical']
const anyWord = ['word', 'phrase', 'field', 'opening-bracket']

/** Queries that break a rule, with the fault of the answer. */
const queries: Array<[query: string, fault: Omit<Fault, 'field'>]> = [
  ['(a', { rule: 'query.expected', at: 2, expected: ['closing-bracket'] }],
  ['a )', { rule: 'query.expected', at: 2, expected: ['end'] }],
  ['"a', { rule: 'query.expected', at: 2, expected: ['closing-quote'] }],
  ['😀 "a', { rule: 'query.expected', at: 5, expected: ['closing-quote'] }],
  ['level:', { rule: 'query.expected', at: 6, expected: ['field-value'] }],
  ['pid:[1 2]', { rule: 'query.expected', at: 7, expected: ['to'] }],
  ['pid:[1 TO 2', { rule: 'query.expected', at: 11, expected: ['closing-square-bracket'] }],
  ['a OR', { rule: 'query.expected', at: 4, expected: anyWord }],
  ['a\\', { rule: 'query.expected', at: 3, expected: ['escaped-character'] }],
  ['x'.repeat(4097), { rule: 'query.too-long', limit: 4096 }],
  ['('.repeat(65), { rule: 'query.too-deep', at: 65, limit: 64 }],
  ['a '.repeat(257), { rule: 'query.too-many-conditions', at: 512, limit: 256 }],
  ['level:loud', { rule: 'query.level', at: 6, expected: levels }],
  ['pid:x', { rule: 'query.number', at: 4 }],
  ['process:>a', { rule: 'query.no-order', at: 9 }],
  ['a /(b/', { rule: 'query.regex', at: 2 }],
  ['level:/x/', { rule: 'query.regex-field', at: 6 }],
  ['/(a{900}){2}/', { rule: 'query.regex-too-large', at: 0, limit: 1200 }]
]

/** Requests that break a rule of a parameter, with the fault of the answer. */
const parameters: Array<[path: string, fault: Fault]> = [
  ['logs?qeury=a', { rule: 'parameter.unknown', field: 'qeury' }],
  ['logs/values', { rule: 'parameter.missing', field: 'field' }],
  ['logs?limit=many', { rule: 'parameter.type', field: 'limit' }],
  ['logs?limit=0', { rule: 'parameter.minimum', field: 'limit', limit: 1 }],
  ['logs?limit=1001', { rule: 'parameter.maximum', field: 'limit', limit: 1000 }],
  ['logs/x', { rule: 'parameter.pattern', field: 'id' }],
  ['logs?order=up', { rule: 'parameter.choice', field: 'order', expected: ['newest', 'oldest'] }],
  ['logs?from=yesterday', { rule: 'time.invalid', field: 'from' }],
  ['logs/histogram?interval=soon', { rule: 'interval.invalid', field: 'interval' }],
  ['logs/histogram?interval=36501d', { rule: 'interval.too-long', field: 'interval', limit: 36_500 * 86_400_000 }],
  ['logs/histogram?interval=1s&from=2026-01-01&to=2026-01-02', { rule: 'interval.too-short', field: 'interval', limit: 2000 }],
  ['logs/values?field=message', { rule: 'field.message', field: 'field' }],
  ['logs/stats?field=level', { rule: 'field.no-number', field: 'field' }],
  ['logs/histogram?interval=1h&buckets=9', { rule: 'parameter.conflict', field: 'buckets' }],
  ['logs?cursor=x', { rule: 'cursor.invalid', field: 'cursor' }]
]

/** Rules that the tests of their features cover. */
const elsewhere: Rule[] = [
  'same.missing', 'cursor.other', 'database.unavailable', 'time.future', 'zone.invalid', 'confirm.expired', 'parameter.too-short', 'parameter.too-long', 'parameter.items'
]

for (const database of databases) {
  t.test(`refused reads on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'alice')
    const faultOf = async (method: string, path: string, headers: Record<string, string> = basic('alice')) => {
      const { status, body } = await http(service.port, method, `/api/${path}`, headers)
      const { code, message, detail, error } = JSON.parse(body)
      t.match({ status, code, message, detail }, { status: 400, code: 400, message: 'BadRequest', detail: /./ }, path.slice(0, 80))
      return error
    }
    const seen = new Set<Rule>(elsewhere)

    await t.test('a fault of the query has its rule, its place and what was expected', async (t) => {
      for (const [query, fault] of queries) {
        t.strictSame(await faultOf('GET', `logs?query=${encodeURIComponent(query)}`), { ...fault, field: 'query' }, query.slice(0, 80))
        seen.add(fault.rule)
      }
    })

    await t.test('a fault of a parameter has its rule and its name', async (t) => {
      for (const [path, fault] of parameters) {
        t.strictSame(await faultOf('GET', path), fault, path)
        seen.add(fault.rule)
      }
      t.strictSame(await faultOf('GET', 'logs?user=nobody', { 'x-api-key': apiKey }), { rule: 'user.unknown', field: 'user' })
      t.strictSame(await faultOf('DELETE', 'logs?confirm=x'), { rule: 'confirm.other', field: 'confirm' })
      seen.add('user.unknown').add('confirm.other')
    })

    await t.test('the tests break every rule', async (t) => {
      t.strictSame(rules.filter((rule) => !seen.has(rule)), [])
    })
  })
}

t.test('docs/errors.md lists every rule and no other', async (t) => {
  const page = readFileSync(`${root}docs/errors.md`, 'utf8')
  const listed = Array.from(page.matchAll(/^\| `([a-z]+\.[a-z-]+)` \|/gm), ([, rule]) => rule)
  t.strictSame(listed.toSorted(), rules.toSorted())
})

t.test('the tokens of a query have their places, up to its first fault', async (t) => {
  const read = (query: string) => tokensOf(query).map(({ start, end, kind }) => `${kind} ${query.slice(start, end)}`)
  t.strictSame(read('level:>=warn  -"a b" (x OR 10.0.0.1:80) AND NOT /y+/ pid:[1 TO 2]'), [
    'field level', 'mark :', 'mark >=', 'word warn', 'mark -', 'phrase "a b"', 'mark (', 'word x', 'keyword OR', 'word 10.0.0.1:80', 'mark )',
    'keyword AND', 'keyword NOT', 'regex /y+/', 'field pid', 'mark :', 'mark [', 'word 1', 'keyword TO', 'word 2', 'mark ]'
  ])
  t.strictSame(read('"a":b) c'), ['field "a"', 'mark :', 'word b'])
  t.strictSame(read('('.repeat(5000)), [])
})
