import fc from 'fast-check'
import t from 'tap'
import type { Log } from '../../../../web/app/api/types.ts'
import { ticksOf } from '../../../../web/app/chart/axis.ts'
import { countsOf, partsOf, placeOf, sumOf, valuesOf, type Bucket } from '../../../../web/app/chart/bars.ts'
import { firstCounted, grown, joined, rangeOf, type Histogram } from '../../../../web/app/chart/histogram.ts'

const start = Date.parse('2026-11-26T10:00:00Z')
const names = ['error', 'info', 'api', '__proto__', 'constructor', '', 'x y', '"']
const by = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(500)), { maxLength: 8 }).map((counts) => Object.fromEntries(counts))
const buckets = fc.array(fc.tuple(by, fc.nat(50)), { minLength: 1, maxLength: 40 }).map((all): Bucket[] => all.map(([by, rest], index) => ({
  at: at(index), by, count: Object.values(by).reduce((sum, count) => sum + count, rest)
})))

t.test('the parts of a bar stand above each other, and all logs can be seen', async (t) => {
  await fc.assert(fc.asyncProperty(buckets, fc.integer({ min: 24, max: 64 }), async (buckets, height) => {
    const values = valuesOf(buckets)
    t.ok(values.length <= 5 && values.every((value) => names.includes(value)))
    const scale = height / Math.max(1, ...buckets.map(({ count }) => count))
    for (const bucket of buckets) {
      const counts = countsOf(bucket, values)
      t.equal(counts.reduce((sum, count) => sum + count, 0), bucket.count)
      let end = 0
      for (const [index, [from, to]] of partsOf(counts, scale).entries()) {
        t.ok(from >= end && from - end <= 1)
        t.equal(to > from, counts[index]! > 0)
        if (to > from) end = to
      }
      t.ok(end <= Math.max(height, counts.length), `${end} of ${height}`)
    }
  }), { numRuns: 100 })
})

t.test('levels are stacked by severity, other values by their number', (t) => {
  t.strictSame(valuesOf([{ at: '', count: 9, by: { info: 6, critical: 1, warning: 2, debug: 0 } }]), ['critical', 'warning', 'info'])
  t.strictSame(valuesOf([{ at: '', count: 9, by: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 } }]), ['f', 'e', 'd', 'c', 'b'])
  t.end()
})

t.test('counting on gives what one count would have given', async (t) => {
  await fc.assert(fc.asyncProperty(buckets, fc.nat(40), fc.boolean(), async (all, cut, isReached) => {
    const whole = histogram(all)
    const first = Math.min(cut, all.length)
    // Of what is before the first whole bar, anything may be counted.
    const newer = { ...histogram(all.map((bucket, index) => index < first ? { ...bucket, count: 7, by: {} } : bucket)), complete: first === 0, ...first > 0 && first < all.length && { reached: all[first]!.at } }
    t.equal(firstCounted(newer), first)
    const older = histogram(all.slice(0, first))
    const both = first === 0 ? newer : joined(isReached ? older : { ...older, complete: false }, newer)
    t.strictSame(both.buckets, whole.buckets)
    if (first > 0 && isReached) t.equal(firstCounted(both), 0)
    else if (first > 0) t.equal(firstCounted(both), first, 'nothing more is counted')
  }))
})

t.test('logs that arrive are counted once each, also beyond the last bar', async (t) => {
  await fc.assert(fc.asyncProperty(buckets, fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(...names))), async (all, arrived) => {
    const logs = arrived.map(([minute, process]) => ({ at: new Date(start + minute * 60_000 + 1).toISOString(), process })) as Log[]
    const after = grown(histogram(all), logs, ({ process }) => process)
    t.equal(sumOf(after.buckets), sumOf(all) + logs.length)
    t.ok(after.buckets.every((bucket, index) => bucket.at.slice(0, 23) === at(index).slice(0, 23)))
    const count = (buckets: readonly Bucket[]) => buckets.flatMap(({ by = {} }) => Object.entries(by)).filter(([name]) => name === '__proto__').reduce((sum, [, logs]) => sum + logs, 0)
    t.equal(count(after.buckets), count(all) + logs.filter(({ process }) => process === '__proto__').length)
  }))
})

t.test('the range of bars is within the times of the search', (t) => {
  const whole = { ...histogram([bucket(0), bucket(1), bucket(2)]), from: at(0).replace('00:00', '00:30'), to: null }
  t.strictSame(rangeOf(whole, 1, 0), { from: whole.from, to: at(2) })
  t.strictSame(rangeOf(whole, 2, 2), { from: at(2), to: '' })
  t.equal(rangeOf(whole, 3, 3), undefined)
  t.end()
})

t.test('an instant stands in the bar of its time', (t) => {
  const three = [bucket(0), bucket(1), bucket(2)]
  t.equal(placeOf(start + 90_000, three, 60_000), 1.5)
  t.equal(placeOf(start - 1, three, 60_000), 0)
  t.equal(placeOf(start + 900_000, three, 60_000), 3)
  t.end()
})

t.test('the axis says round times, far enough apart', async (t) => {
  await fc.assert(fc.asyncProperty(fc.constantFrom(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400, 604_800), fc.integer({ min: 1, max: 160 }), fc.integer({ min: 3, max: 30 }), async (interval, bars, minBars) => {
    const first = Math.floor(start / 1000 / interval)
    const all = Array.from({ length: bars }, (_, index) => ({ at: new Date((first + index) * interval * 1000).toISOString(), count: 1 }))
    const ticks = ticksOf(all, interval * 1000, minBars, true)
    for (const [index, tick] of ticks.entries()) t.ok(index === 0 || tick.index - ticks[index - 1]!.index >= minBars)
    if (interval < 86_400 && bars * interval >= 2 * 86_400) t.ok(ticks.length > 0)
    t.ok(ticks.every(({ at, form }) => form === 'day' ? interval >= 86_400 || at.includes('T00:00:00') : !at.includes('T00:00:00')))
  }))
})

function at (index: number): string {
  return `${new Date(start + index * 60_000).toISOString().slice(0, -1)}000Z`
}

function bucket (index: number): Bucket {
  return { at: at(index), count: 1, by: { info: 1 } }
}

function histogram (buckets: Bucket[]): Histogram {
  return { interval: 60, buckets, complete: true, from: at(0), to: null, asOf: at(50) }
}
