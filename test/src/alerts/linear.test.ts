// A step of the follower has up to 20,000 logs: whatever they are, its work grows no faster than they do.
import t from 'tap'
import { cappedOfUser } from '../../../src/alerts/caps.ts'
import { heldOf } from '../../../src/alerts/rules/held.ts'
import { standardTelling, type RuleOf } from '../../../src/alerts/rules/rule.ts'
import type { Sighting } from '../../../src/alerts/rules/sightings.ts'
import { bounded } from '../../../src/alerts/rules/watching.ts'
import { Tallies } from '../../../src/alerts/tally.ts'
import { groupBy } from '../../../src/model/group-by.ts'
import { utcTime } from '../../../src/model/instant.ts'
import type { StoredLog } from '../../../src/model/record.ts'
import { growsLinearly } from '../../helpers/growth.ts'

const hourMs = 3_600_000
const now = utcTime()
const list = <Item>(size: number, itemOf: (index: number) => Item) => Array.from({ length: size }, (_, index) => itemOf(index))

/** An error of an hour of its own. */
const errorOf = (index: number): StoredLog => ({
  id: String(index + 1),
  userId: 1,
  eventAt: utcTime(Date.parse('2003-01-01') + index * hourMs),
  postTime: now,
  severity: 'error',
  message: `failure of ${[...String(index)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')}`,
  pid: 1,
  processName: 'api',
  description: '',
  attributes: null
})

t.test('errors of too many groups, each of another hour, count together', async (t) => {
  const groups = new Map([['api', 2000]])
  const work = (tallies: ReturnType<Tallies['list']>) => cappedOfUser(tallies, () => false, groups)
  const input = (size: number) => {
    const tallies = new Tallies()
    for (const log of list(size, errorOf)) tallies.add({ log, seenAt: now })
    return tallies.list()
  }
  const told = work(input(500)).map(({ text, logs, hours }) => ({ text, logs, hours: hours.size }))
  t.strictSame(told, [{ text: 'others of api', logs: 500, hours: 500 }])
  growsLinearly(t, 'errors that count together', { small: 2000, input, work })
})

t.test('new values of rules that have too many count together', async (t) => {
  const ruleOf = (id: number): RuleOf<'count'> => ({
    id,
    userId: 1,
    kind: 'count',
    settings: { query: '', moreThan: 10, withinSeconds: 60, by: 'process' },
    name: `rule ${id}`,
    telling: standardTelling,
    channels: null,
    isEnabled: true,
    fault: null,
    revision: 1,
    createdAt: now,
    updatedAt: now
  })
  const rules = list(2, ruleOf)
  const input = (size: number) => list(size, (index): Sighting => ({
    rule: rules[index % rules.length]!, subject: `value ${index}`, held: heldOf(errorOf(index), now), parts: new Map([[index, 1]]), heardAt: now
  }))
  const work = (seen: Sighting[]) => bounded(seen, new Map(), new Map())
  const { sightings, others } = work(input(2400))
  t.equal(sightings.length, 2000)
  t.match(others.map(({ subject, held, parts }) => ({ subject, logs: held.logs, parts: parts.size })), list(2, () => ({ subject: '…', logs: 200, parts: 200 })))
  growsLinearly(t, 'values of rules', { small: 5000, input, work })
})

t.test('groups of one key', async (t) => {
  growsLinearly(t, 'groupBy', { small: 5000, input: (size) => list(size, (index) => index), work: (items) => groupBy(items, () => 1) })
})
