import fc from 'fast-check'
import t from 'tap'
import { matcherOf } from '../../../../src/query/matcher.js'
import { parseFilter } from '../../../../src/query/parse.ts'
import { bound, boundsOf, namedIn, refinementOf, standingIn } from '../../../../web/app/facets/chosen.ts'
import { refine } from '../../../../web/app/query/refine.ts'

const values = fc.constantFrom('api', 'API', 'web x', '"', 'a:b', 'AND', '-x', '*', '', '200', '/x')
const fields = fc.constantFrom('process', 'order.id', '7', 'a b')
const queries = fc.array(fc.constantFrom('payment', '-retry', '(a OR b)', 'process:api', '-process:web', 'order.id:(api OR "web x")', 'NOT pid:1'), { maxLength: 4 }).map((clauses) => clauses.join(' '))

t.test('what a click asks for is marked, and the next click takes it back', async (t) => {
  await fc.assert(fc.asyncProperty(queries, fields, values, fc.constantFrom('only', 'also', 'out'), async (query, field, value, how) => {
    fc.pre(value !== '')
    const refined = refine(query, field, value, how)
    const standing = standingIn(refined, field)(value)
    // Another value that is asked for excludes this one already.
    t.ok(standing === (how === 'out' ? 'out' : 'in') || (how !== 'only' && standing === undefined)) || t.comment(query, refined)
    if (standing !== undefined) t.ok(namedIn(refined, field).some((named) => standingIn(refined, field)(named) === standing)) || t.comment(refined)
    const back = refine(refined, field, value, refinementOf({ ctrlKey: false, metaKey: false, altKey: standing === 'out' }, standing))
    if (standing !== undefined) t.equal(standingIn(back, field)(value), undefined) || t.comment(refined, back)
  }), { numRuns: 300 })
})

t.test('bounds ask for the numbers between them, and leave the rest of the query', async (t) => {
  const number = fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined })
  await fc.assert(fc.asyncProperty(queries, number, number, number, async (query, before, min, max) => {
    const text = (number?: number) => number === undefined ? '' : String(number)
    const once = bound(query, 'latency', { min: text(before), max: '' })
    const bounded = bound(once, 'latency', { min: text(min), max: text(max) })
    t.strictSame(boundsOf(bounded, 'latency'), { min: text(min), max: text(max) })
    const [matches, rest] = [matcherOf(parseFilter(bounded)), matcherOf(parseFilter(query))]
    for (const latency of [-10, -3, 0, 4, 10]) {
      const log = { severity: 'info' as const, processName: 'api', pid: 7, description: '', message: 'payment a', eventAt: '', postTime: '', attributes: { latency, order: { id: 'api' } } }
      const isWithin = (min === undefined || latency >= min) && (max === undefined || latency <= max)
      t.equal(matches(log, ''), rest(log, '') && isWithin) || t.comment(bounded, latency)
    }
  }), { numRuns: 200 })
})
