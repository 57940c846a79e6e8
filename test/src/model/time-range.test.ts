import fc from 'fast-check'
import t from 'tap'
import { utcTime } from '../../../src/model/instant.ts'
import { joined, rangesOf } from '../../../src/model/time-range.ts'

const second = (seconds: number) => utcTime(seconds * 1000)
const range = (first: number, last: number) => ({ firstAt: second(first), lastAt: second(last) })

t.test('times that are less than a minute apart are one range', async (t) => {
  t.strictSame(rangesOf([], 10), [])
  t.strictSame(rangesOf([second(59), second(0)], 10), [range(0, 59)])
  t.strictSame(rangesOf([second(0), second(118), second(59), second(178)], 10), [range(0, 118), range(178, 178)])
})

t.test('a wrong clock makes a range of its own', async (t) => {
  const now = Date.UTC(2026, 0, 1) / 1000
  t.strictSame(rangesOf([second(now), second(0), second(now + 1), second(1)], 10), [range(0, 1), range(now, now + 1)])
})

t.test('of too many ranges the nearest are joined', async (t) => {
  const times = Array.from({ length: 100 }, (_, index) => second(100 * index)).concat(second(1e9))
  t.strictSame(rangesOf(times, 10), [range(0, 9900), range(1e9, 1e9)])
})

t.test('ranges are in order, apart, and hold each time and no other end', async () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1 }), (seconds) => {
    const times = seconds.map(second)
    const ranges = rangesOf(times, 1000)
    const ends = ranges.flatMap(({ firstAt, lastAt }) => [firstAt, lastAt])
    const areApart = ranges.every(({ firstAt }, index) => index === 0 || Date.parse(firstAt) - Date.parse(ranges[index - 1]!.lastAt) >= 60_000)
    return areApart && ends.every((end) => times.includes(end)) &&
      times.every((at) => ranges.some(({ firstAt, lastAt }) => firstAt <= at && at <= lastAt))
  }))
})

t.test('ranges within others are joined with them', async (t) => {
  t.strictSame(joined([range(500, 510), range(0, 1000), range(1010, 1020)], 10), [range(0, 1020)])
})
