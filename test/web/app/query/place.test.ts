import fc from 'fast-check'
import t from 'tap'
import { placeOf } from '../../../../web/app/query/assist/place.ts'
import { query } from '../../../helpers/queries.ts'

t.test('the place of a caret is a word, or a value of a field', async (t) => {
  const cases: Array<[query: string, expected: object | undefined]> = [
    ['|', { prefix: '', field: undefined, isAfterOperand: false }],
    ['ord|', { prefix: 'ord', field: undefined }],
    ['-ord|', { prefix: 'ord', field: undefined, start: 1 }],
    ['a o|', { prefix: 'o', isAfterOperand: true }],
    ['pro|cess:api', { prefix: 'pro', start: 0, end: 8, field: undefined }],
    ['level:|', { prefix: '', field: 'level', start: 6 }],
    ['level:>=wa| x', { prefix: 'wa', field: 'level', start: 8, end: 10, rest: 'x' }],
    ['a -process:b| c', { prefix: 'b', field: 'process', rest: 'a c' }],
    ['process:(api OR b|) c', { prefix: 'b', field: 'process', isInList: true, rest: 'c' }],
    ['(process:api OR b|', { prefix: 'b', field: undefined }],
    ['latency:[1|', { prefix: '1', field: 'latency', isInList: true }],
    ['order.id:"A 1|', { prefix: 'A 1', field: 'order.id', start: 9 }],
    ['order.id:"A \\"|', { prefix: 'A "', field: 'order.id' }],
    ['"x y":z|', { prefix: 'z', field: 'x y' }],
    ['level:nonsense ord|', { prefix: 'ord', field: undefined }],
    ['/a b/|', undefined],
    ['@pro|', { prefix: '@pro', field: undefined }]
  ]
  for (const [marked, expected] of cases) {
    const place = placeOf(marked.replace('|', ''), marked.indexOf('|'))
    if (expected) t.match(place, expected, marked)
    else t.equal(place, undefined)
  }
})

t.test('every caret has a range around it', async (t) => {
  fc.assert(fc.property(query, fc.nat(), (query, at) => {
    const caret = at % (query.length + 1)
    const place = placeOf(query, caret)
    return !place || (place.start >= 0 && place.start <= caret && caret <= place.end && place.end <= query.length)
  }), { numRuns: 1000 })
  t.pass('within the query')
})
