import '../../../helpers/browser-globals.ts'
import fc from 'fast-check'
import t from 'tap'
import type { Log } from '../../../../web/app/api/types.ts'
import { compare, merge } from '../../../../web/app/rows/order.ts'
import type { Read } from '../../../../web/app/rows/read.ts'
import { Segments } from '../../../../web/app/rows/segments.ts'
import type { Order } from '../../../../web/app/view/view.ts'

const log = (time: number, id: number): Log => ({
  at: `2026-11-27T10:00:00.${String(time).padStart(6, '0')}Z`, id: String(id), user: 'me', level: 'info', process: 'p', pid: 0, description: '', message: `${time}`, posted: '', arrived: '', attributes: null
})

/** Pages of a list, then logs that arrive later: some are doubles, some of equal time. */
const history = fc.record({
  order: fc.constantFrom<Order>('newest', 'oldest'),
  pages: fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 9 }), { maxLength: 6 }),
  later: fc.array(fc.record({ time: fc.nat(60), isDouble: fc.boolean() }), { maxLength: 40 }),
  keptRows: fc.nat(20)
})

t.test('logs that arrive later stand where they belong, once, also where rows are no longer in memory', async () => {
  await fc.assert(fc.asyncProperty(history, async ({ order, pages, later, keptRows }) => {
    let id = 0
    const all = merge([], pages.flat().map((time) => log(time, ++id)), order)
    const segments = new Segments({ rows: keptRows, bytes: 1_000_000 })
    let from = 0
    for (const { length } of pages) {
      const page = all.slice(from, from += length)
      const again: Read = async (limit) => ({ logs: page.slice(0, limit), again })
      segments.append(page, again)
    }
    const expected = [...all]
    for (const { time, isDouble } of later) {
      // A double that belongs to rows which are not in memory cannot be told.
      const known = isDouble ? [...segments.rows()].at(time) : undefined
      const arrived = known ?? log(time, ++id)
      if (segments.enter(arrived, order) === (known !== undefined)) return false
      if (!known) expected.push(arrived)
    }
    const wanted = merge(expected, [], order)
    const end = segments.end
    const seen: Array<string | undefined> = []
    for (let index = segments.start; index < end; index++) {
      for (const missing of segments.look(index, index)) {
        segments.refill(missing, (await missing.again!(missing.count, AbortSignal.any([]))).logs, order)
      }
      seen.push(segments.at(index)?.id)
    }
    return JSON.stringify(seen) === JSON.stringify(wanted.map(({ id }) => id))
  }), { numRuns: 500 })
})

t.test('places of logs that were deleted are told, and those beside them are there once', async (t) => {
  for (const order of ['newest', 'oldest'] as const) {
    let all = merge([], Array.from({ length: 40 }, (_, index) => log(index, index + 1)), order)
    const segments = new Segments({ rows: 10, bytes: 1_000_000 })
    const pages = [0, 1, 2, 3].map((page) => all.slice(page * 10, page * 10 + 10))
    for (const page of pages) {
      const again: Read = async (limit) => {
        const start = all.findIndex((log) => compare(log, page[0]!, order) >= 0)
        return { logs: all.slice(start, start + limit), again }
      }
      segments.append(page, again)
    }
    all = all.filter(({ id }) => ![4, 5, 6, 17].includes(Number(id)))
    const seen: Array<string | number | undefined> = []
    for (let index = 0; index < segments.end; index++) {
      for (const missing of segments.look(index, index)) {
        segments.refill(missing, (await missing.again!(missing.count, AbortSignal.any([]))).logs, order)
      }
      const gone = segments.goneAt(index)
      if (gone !== 0) seen.push(gone ?? segments.at(index)?.id)
    }
    t.strictSame(seen.filter((id) => typeof id === 'string'), all.map(({ id }) => id), order)
    t.strictSame(seen.filter((gone) => typeof gone === 'number').sort(), [1, 3])
  }
})

t.test('rows keep their indices on the side on which the list does not grow', async (t) => {
  for (const order of ['newest', 'oldest'] as const) {
    const segments = new Segments()
    const page = merge([], [log(10, 1), log(20, 2), log(30, 3)], order)
    const again: Read = async () => ({ logs: page, again })
    segments.append(page, again)
    const still = order === 'newest' ? log(10, 1) : log(10, 1)
    const index = indexOf(segments, still.id)
    segments.enter(log(40, 4), order)
    segments.enter(log(25, 5), order)
    t.equal(indexOf(segments, still.id), index, order)
    t.equal(segments.count, 5)
  }
})

t.test('rows far from the newest ones are let go', async (t) => {
  for (const order of ['newest', 'oldest'] as const) {
    const segments = new Segments()
    for (let id = 1; id <= 2000; id++) segments.enter(log(id, id), order)
    t.match(segments.entered, { rows: 2000 })
    segments.trim(600, order)
    t.equal(segments.count, 1000, 'whole segments of 500 rows')
    t.equal(segments.kept, 1000)
    const newest = order === 'newest' ? segments.first : segments.last
    t.equal(newest?.id, '2000')
    const edges = [segments.first, segments.last] as const
    t.ok(edges[0] && edges[1] && compare(edges[0], edges[1], order) < 0)
  }
})

function indexOf (segments: Segments, id: string): number {
  for (let index = segments.start; index < segments.end; index++) if (segments.at(index)?.id === id) return index
  return NaN
}
