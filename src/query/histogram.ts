import { BadRequest } from '../model/bad-request.ts'
import { millisecondsOf, utcTime } from '../model/instant.ts'
import type { Span } from '../model/span.ts'
import type { Buckets } from './buckets.ts'
import { isoTime } from './api-log.ts'

interface Bucket {
  at: string
  count: number
  by?: Record<string, number>
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const roundIntervals = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * day)
]

const maxBuckets = 2000
/** Buckets of a histogram if its caller gives no interval. */
const maxChosenBuckets = 60

/** Shortest round interval, in milliseconds, by which a span has at most 60 buckets. */
export function intervalFor ({ from, to }: Span): number {
  const length = millisecondsOf(to) - millisecondsOf(from)
  return roundIntervals.find((interval) => length / interval <= maxChosenBuckets) ??
    Math.ceil(length / maxChosenBuckets / day) * day
}

/** Logs of one bucket, and, where they are counted by a field, with one value of it. */
interface Count {
  value: string | null
  bucket: number
  count: number
}

/** All buckets of a span, those without logs included. Throws BadRequest if there are more than 2,000. */
export function fillHistogram (span: Span, buckets: Buckets, counts: readonly Count[], byValue: boolean): Bucket[] {
  const { from, to } = span
  const { interval } = buckets
  const start = buckets.of(millisecondsOf(from))
  const length = (buckets.of(millisecondsOf(to) - 1) - start) / interval + 1
  if (length > maxBuckets) {
    const fault = { rule: 'interval.too-short', field: 'interval', limit: maxBuckets } as const
    throw new BadRequest(`interval must be longer: there would be more than ${maxBuckets} buckets`, fault)
  }
  const filled = Array.from({ length }, (_, index): Bucket => {
    const at = isoTime(utcTime(buckets.startOf(start + index * interval)))
    return byValue ? { at, count: 0, by: emptyRecord() } : { at, count: 0 }
  })
  for (const { value, bucket, count } of counts) {
    const into = filled[(bucket - start) / interval]
    if (!into) continue
    into.count += count
    if (into.by && value !== null) into.by[value] = count
  }
  // A day that a zone skipped begins with the next one.
  return filled.filter(({ at }, index) => at !== filled[index + 1]?.at)
}

/** Without a prototype, so that `__proto__` is a name like any other. */
function emptyRecord (): Record<string, number> {
  return Object.create(null)
}
