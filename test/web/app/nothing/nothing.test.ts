import '../../../helpers/browser-globals.ts'
import fc from 'fast-check'
import t from 'tap'
import { query } from '../../../helpers/queries.ts'

const { correctionOf, distanceOf } = await import('../../../../web/app/nothing/spelling.ts')
const { waysOf, withoutClauses } = await import('../../../../web/app/nothing/ways.ts')
const { clausesOf } = await import('../../../../web/app/query/clauses.ts')
const { isValid } = await import('../../../../web/app/query/parse.ts')

t.test('a name that no log has is corrected, or read as a text', async (t) => {
  const known = ['order.id', 'http.status', 'process']
  // An attribute called as a field is only meant where it is said.
  const cases: Array<[query: string, expected: string | undefined]> = [
    ['a ordr.id:A-1 b', 'a order.id:A-1 b'],
    ['orderId:A-1', 'order.id:A-1'],
    ['-http_status:>=500', '-http.status:>=500'],
    ['proces:api', 'process:api'],
    ['attributes.proces:api', 'attributes.process:api'],
    ['lvel:error', 'level:error'],
    ['order.id:A-1', undefined],
    ['process:api level:error', undefined],
    ['payment', undefined],
    ['db.example.com:5432', '"db.example.com:5432"'],
    ['x -db.example.com:5432', undefined],
    ['(ordr.id:A-1 OR b)', '(order.id:A-1 OR b)'],
    ['(db.example.com:5432 OR b)', undefined],
    ['"ordr.id":x', undefined]
  ]
  for (const [query, expected] of cases) t.equal(correctionOf(query, known)?.query, expected, query)
})

t.test('the distance of two names is that of Levenshtein', async (t) => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
  await fc.assert(fc.property(word, word, word, (one, other, third) => {
    const distance = distanceOf(one, other)
    return distance === distanceOf(other, one) && (distance === 0) === (one === other) &&
      distance <= Math.max(one.length, other.length) && distanceOf(one, third) <= distance + distanceOf(other, third)
  }))
  t.equal(distanceOf('kitten', 'sitting'), 3)
})

t.test('the ways out ask for less: those that exclude logs are taken back first', async (t) => {
  const frozen = { user: '', order: 'newest', to: '', asOf: '' } as const
  const queriesOf = (query: string, from: string) => waysOf({ ...frozen, query, from }).map(({ change }) => change.query ?? `from ${change.from || 'ever'}`)
  t.strictSame(queriesOf('level:>=warning AND order -retry', '-1h'), ['from ever', 'level:>=warning order', 'level:>=warning -retry', 'order -retry'])
  t.strictSame(queriesOf('a', ''), [''])
  t.strictSame(queriesOf('a OR b', ''), [])
  t.strictSame(queriesOf('(', '-1h'), ['from ever'])
  await fc.assert(fc.property(query, (query) => {
    const count = isValid(query) ? clausesOf(query)?.length ?? 0 : 0
    return withoutClauses(query).every(({ change }) => clausesOf(change.query ?? '')?.length === count - 1)
  }))
})
