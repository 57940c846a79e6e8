import fc from 'fast-check'
import t from 'tap'
import { matcherOf } from '../../../src/query/matcher.js'
import { parseFilter } from '../../../src/query/parse.ts'
import { wordFinderOf } from '../../../src/query/word-ranges.ts'
import { record } from '../../helpers/queries.ts'

t.test('the words of a query are marked in a message, as the search finds them', async (t) => {
  const cases: Array<[query: string, message: string, expected: string]> = [
    ['order', 'Order of orders: order', '[Order] of orders: [order]'],
    ['order failed -retry', 'retry order\tfailed', 'retry [order]\t[failed]'],
    ['"card declined"', 'card\ndeclined, card', '[card\ndeclined], card'],
    ['pay*', 'payment paid', '[pay]ment paid'],
    ['*ment*', 'payments', 'pay[ment]s'],
    ['con*refused', 'connection was refused', '[con]nection was [refused]'],
    ['a OR (b process:c)', 'a b c', '[a] [b] c'],
    ['message:b', 'a b', 'a [b]'],
    ['ЗАКАЗ', 'заказ', '[заказ]'],
    ['Σίσυφος', 'ΣΊΣΥΦΟΣ', '[ΣΊΣΥΦΟΣ]'],
    ['<b>', '<i><b></i>', '<i>[<b>]</i>'],
    ['ab b', 'ab', '[ab]'],
    ['NOT (a)', 'a', 'a'],
    ['level:error', 'error', 'error']
  ]
  for (const [query, message, expected] of cases) {
    const ranges = wordFinderOf(parseFilter(query))?.(message) ?? []
    t.equal(ranges.reduceRight((text, [start, end]) => `${text.slice(0, start)}[${text.slice(start, end)}]${text.slice(end)}`, message), expected, query)
  }
})

t.test('a message of ASCII has marks if the search finds it', async () => {
  const ascii = fc.string({ unit: fc.constantFrom(...'abAB_ .\n-'), maxLength: 12 })
  const words = fc.string({ unit: fc.constantFrom(...'abA_* .-'), maxLength: 4 }).filter((text) => /[^*]/.test(text.trim()))
  await fc.assert(fc.property(record, ascii.map((text) => text.replaceAll(/\s+/g, ' ')), words, (record, message, text) => {
    const query = `message:${text.split('*').map((piece) => piece.replaceAll(/[ .-]/g, '\\$&')).join('*')}`
    const isFound = matcherOf(parseFilter(query))({ ...record, message }, 'me')
    return (wordFinderOf(parseFilter(query))?.(message) ?? []).length > 0 ? isFound : !isFound
  }), { numRuns: 1000 })
})
