import fc from 'fast-check'
import t from 'tap'
import { parse } from '../../../../web/app/query/parse.ts'
import { partsOf } from '../../../../web/app/query/parts.ts'
import { query } from '../../../helpers/queries.ts'

t.test('the parts of a query are the query, and one of them begins where it is wrong', async (t) => {
  const damaged = fc.tuple(query, fc.nat(), fc.constantFrom('', '(', '"', 'level:x ', ':', '\\', '\n', '/[/')).map(([query, at, extra]) => {
    const place = at % (query.length + 1)
    return query.slice(0, place) + extra + query.slice(place)
  })
  fc.assert(fc.property(damaged, (query) => {
    const parsed = parse(query)
    const at = 'problem' in parsed ? parsed.problem.fault?.at : undefined
    const parts = partsOf(query, at)
    if (parts.map(({ text }) => text).join('') !== query) return false
    if (at === undefined || at >= query.length) return parts.every(({ isWrong }) => !isWrong)
    const wrong = parts.findIndex(({ isWrong }) => isWrong)
    return parts.filter(({ isWrong }) => isWrong).length === 1 && parts.slice(0, wrong).map(({ text }) => text).join('').length === at
  }), { numRuns: 2000 })
  t.strictSame(partsOf('a -b:(c OR "d e") /f/', 3).map(({ text, kind, isWrong }) => [text, kind, isWrong]), [
    ['a ', undefined, false], ['-', 'mark', false], ['b', 'field', true], [':', 'mark', false], ['(', 'mark', false], ['c ', undefined, false],
    ['OR', 'keyword', false], [' ', undefined, false], ['"d e"', 'phrase', false], [')', 'mark', false], [' ', undefined, false], ['/f/', 'regex', false]
  ])
})
