import fc from 'fast-check'
import t from 'tap'
import type { Log } from '../../../../web/app/api/types.ts'
import { Folds } from '../../../../web/app/list/folds.ts'
import { templateOf } from '../../../../web/app/list/template.ts'

const logOf = (message: string): Log => ({
  id: '', user: 'me', at: '', level: 'info', process: 'p', pid: 0, description: '', message, posted: '', arrived: '', attributes: null
})

t.test('messages that differ in their values have one template', async (t) => {
  const same = [['Payment of order A-1042 failed', 'Payment of order B-7 failed'], ['took 12 ms', 'took 3.5 ms'], ['at 10.0.0.1:80 "x"', 'at ::1 "y z"']]
  for (const [one = '', other = ''] of same) t.equal(templateOf(one), templateOf(other))
  t.not(templateOf('payment failed'), templateOf('payment declined'))
})

t.test('neighbours that say the same are one row, in whatever order their pages come', async () => {
  const page = fc.array(fc.constantFrom('a 1', 'a 2', 'b 1', 'c'), { maxLength: 12 })
  const pages = fc.array(fc.record({ page, isBefore: fc.boolean() }), { maxLength: 8 })
  fc.assert(fc.property(pages, (pages) => {
    const folds = new Folds()
    const hidden = new Set<number>()
    const rows = new Map<number, string>()
    let [start, end] = [0, 0]
    for (const { page, isBefore } of pages) {
      if (isBefore) start -= page.length
      else end += page.length
      for (const [place, message] of page.entries()) rows.set((isBefore ? start : end - page.length) + place, message)
      const at = (index: number) => logOf(rows.get(index) ?? '')
      for (const index of folds.extend({ start, end, at })) hidden.add(index)
    }
    for (let index = start, leader = start; index < end; index++) {
      const isRepeated = index > start && templateOf(rows.get(index) ?? '') === templateOf(rows.get(index - 1) ?? '')
      if (!isRepeated) leader = index
      if (hidden.has(index) !== isRepeated || (isRepeated && folds.othersOf(index) !== 0)) return false
      if (folds.othersOf(leader) < index - leader) return false
    }
    const shown = Array.from({ length: end - start }, (_, place) => start + place).filter((index) => !hidden.has(index))
    return shown.reduce((sum, index) => sum + 1 + folds.othersOf(index), 0) === end - start
  }), { numRuns: 500 })
})

t.test('a run that was opened stays open', async (t) => {
  const folds = new Folds()
  const at = () => logOf('a')
  t.strictSame(folds.extend({ start: 0, end: 3, at }), [1, 2])
  t.strictSame(folds.unfold(0), [1, 2])
  t.strictSame(folds.extend({ start: 0, end: 5, at }), [4])
  t.equal(folds.othersOf(0), 0)
})
