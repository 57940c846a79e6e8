import { BadRequest } from '../errors.ts'
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
const sensible = [1, 2, 5, 10, 15, 30].map((n) => n * second)
  .concat([1, 2, 5, 10, 15, 30].map((n) => n * minute), [1, 2, 3, 6, 12].map((n) => n * hour), [1, 2, 7, 14, 30, 90, 365].map((n) => n * day))

/** A histogram has so many buckets at most; one whose interval is chosen has so many. */
const most = 2000
const wanted = 60

/** The shortest round interval, in milliseconds, by which a span has 60 buckets at most. */
export function intervalFor ({ from, to }: Span): number {
  const length = millisecondsOf(to) - millisecondsOf(from)
  return sensible.find((interval) => length / interval <= wanted) ?? Math.ceil(length / wanted / day) * day
}

/** All the buckets of a span, those without logs included. Throws BadRequest where they would be too many. */
export function fillHistogram ({ from, to }: Span, buckets: Buckets, counts: ReadonlyArray<{ value: string | null, bucket: number, count: number }>, byValue: boolean): Bucket[] {
  const { interval } = buckets
  const start = buckets.of(millisecondsOf(from))
  const number = (buckets.of(millisecondsOf(to) - 1) - start) / interval + 1
  if (number > most) throw new BadRequest(`interval must be longer: there would be more than ${most} buckets`)
  const filled = Array.from({ length: number }, (_, index): Bucket => ({ at: isoTime(utcTime(buckets.startOf(start + index * interval))), count: 0, ...byValue && { by: emptyRecord() } }))
  for (const { value, bucket, count } of counts) {
    const into = filled[(bucket - start) / interval]
    if (!into) continue
    into.count += count
    if (into.by && value !== null) into.by[value] = count
  }
  // A day that a zone left out begins with the next.
  return filled.filter(({ at }, index) => at !== filled[index + 1]?.at)
}

/** Without a prototype, so that a value may have any name: `__proto__` is one, too. */
function emptyRecord (): Record<string, number> {
  return Object.create(null)
}
