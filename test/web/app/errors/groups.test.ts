import fc from 'fast-check'
import t from 'tap'
import { parseFilter } from '../../../../src/query/parse.ts'
import { matcherOf } from '../../../../src/query/matcher.js'
import type { Log } from '../../../../web/app/api/types.ts'
import { addTo, queryOf, sparkOf, type Group } from '../../../../web/app/errors/groups.ts'

t.test('errors that say the same are one group of their process', async (t) => {
  const groups = groupsOf([
    log({ message: 'Payment of order A-1 failed: card declined', at: '2026-11-26T10:00:02.000000Z' }),
    log({ message: '\u001b[31mPayment of order\u001b[0m A-2 failed: card declined\nat x', at: '2026-11-26T10:00:01.000000Z', level: 'critical' }),
    log({ message: 'Payment of order A-3 failed: card declined', process: 'web' })
  ])
  t.match(groups, [
    { process: 'api', template: 'Payment of order … failed: card declined', level: 'critical', count: 2, first: Date.UTC(2026, 10, 26, 10, 0, 1), last: Date.UTC(2026, 10, 26, 10, 0, 2) },
    { process: 'web', count: 1 }
  ])
  t.equal(queryOf(groups[0]!), 'level:>=error process:api "failed: card declined" "Payment of order"')
  t.strictSame(sparkOf([0, 1, 9, 10, 12], 0, 10, 2), [2, 3])
})

t.test('the query of a group finds each of its logs', async () => {
  const part = fc.oneof(
    fc.constantFrom('payment', 'AND', '-x', 'A-1', '12', '"quoted"', 'it\'s', 'a:b', '\\', '(', '*', '/x/', 'naïve', '数据库', 'x'.repeat(299), 'y y', '\u001b[1m', '\n', '…', '.', '_', '\u1fed', 'A\u0308', '\u{1d15e}\u0f20'),
    fc.string({ unit: 'grapheme', maxLength: 8 }))
  const message = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(' '))
  fc.assert(fc.property(message, fc.constantFrom('api', 'a b', '', '"q"'), (message, process) => {
    const [group] = groupsOf([log({ message, process })])
    const query = queryOf(group!)
    const at = '2026-11-26 10:00:00.000000'
    const record = { severity: 'error', processName: process, pid: 7, description: '', message, eventAt: at, postTime: at, attributes: null } as const
    if (!matcherOf(parseFilter(query))(record, '')) throw new Error(query)
  }), { numRuns: 2000 })
})

function groupsOf (logs: readonly Log[]): Group[] {
  const groups = new Map<string, Group>()
  addTo(groups, logs)
  return [...groups.values()]
}

function log (of: Partial<Log>): Log {
  const at = '2026-11-26T10:00:00.000000Z'
  return { id: '1', user: 'me', at, level: 'error', process: 'api', pid: 7, description: '', message: '', posted: at, arrived: at, attributes: null, ...of }
}
