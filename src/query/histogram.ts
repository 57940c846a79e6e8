import { BadRequest } from '../model/bad-request.ts'
import { millisecondsOf, utcTime } from '../model/instant.ts'
import type { Span } from '../model/span.ts'
import { Buckets } from './buckets.ts'
import type { Zone } from './zone.ts'
import { isoTime } from './api-log.ts'

interface Bucket {
  at: string
  count: number
  /** Logs by their value. */
  by?: Record<string, number>
  /** Logs with a value that is not in `by`. */
  rest?: number
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day
const roundIntervals = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 30, 90].map((n) => n * day),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map((n) => n * year)
]
/** Longer than all times, which lie on both sides of 1970. */
const longestInterval = 10_000 * year

/** The first time that is written with a year of four digits. */
const earliestMs = Date.parse('0000-01-01T00:00Z')

const maxBuckets = 2000
/** Buckets of a histogram if its caller gives no number, and no interval: 60 minutes may lie in 61 of the clock's. */
const defaultBuckets = 61

/** Buckets of the shortest round interval by which a span has at most `most` of them, or, around 1970, two. */
export function chooseBuckets (span: Span, zone: Zone | undefined, most = defaultBuckets): Buckets {
  const lengthMs = millisecondsOf(span.to) - millisecondsOf(span.from)
  for (const interval of roundIntervals) {
    if (lengthMs / interval > most) continue
    const buckets = new Buckets(interval, span, zone)
    if (bucketsOf(span, buckets).length <= most) return buckets
  }
  return new Buckets(longestInterval, span, zone)
}

/** The first bucket of a span, and the number of its buckets. */
function bucketsOf ({ from, to }: Span, buckets: Buckets): { start: number, length: number } {
  const start = buckets.of(millisecondsOf(from))
  return { start, length: (buckets.of(millisecondsOf(to) - 1) - start) / buckets.interval + 1 }
}

/** Logs of one bucket, and, where they are counted by a field, with one value of it. */
interface Count {
  value: string | null
  bucket: number
  count: number
}

/** How a histogram counts by a field: the number of its most frequent values; others are counted together. */
export interface ByField {
  top?: number
}

/** All buckets of a span, those without logs included. Throws BadRequest if there are more than 2,000. */
export function fillHistogram (span: Span, buckets: Buckets, counts: readonly Count[], by?: ByField): Bucket[] {
  const { start, filled } = emptyBuckets(span, buckets, by)
  const top = by?.top === undefined ? undefined : mostFrequent(counts, by.top)
  for (const { value, bucket, count } of counts) {
    const into = filled[(bucket - start) / buckets.interval]
    if (!into) continue
    into.count += count
    if (!into.by || value === null) continue
    if (top === undefined || top.has(value)) into.by[value] = count
    else into.rest = (into.rest ?? 0) + count
  }
  // A day that a zone skipped begins with the next one.
  return filled.filter(({ at }, index) => at !== filled[index + 1]?.at)
}

/** Starts of all buckets of a span, by their keys. Throws BadRequest if there are more than 2,000. */
export function bucketStarts (span: Span, buckets: Buckets): Array<{ bucket: number, at: string }> {
  const { start, filled } = emptyBuckets(span, buckets)
  return filled.flatMap(({ at }, index) => (
    at === filled[index + 1]?.at ? [] : [{ bucket: start + index * buckets.interval, at }]
  ))
}

function emptyBuckets (span: Span, buckets: Buckets, by?: ByField): { start: number, filled: Bucket[] } {
  const { start, length } = bucketsOf(span, buckets)
  if (length > maxBuckets) {
    const fault = { rule: 'interval.too-short', field: 'interval', limit: maxBuckets } as const
    throw new BadRequest(`interval must be longer: there would be more than ${maxBuckets} buckets`, fault)
  }
  const filled = Array.from({ length }, (_, index): Bucket => ({
    at: isoTime(utcTime(Math.max(buckets.startOf(start + index * buckets.interval), earliestMs))),
    count: 0,
    ...by && { by: emptyRecord() },
    ...by?.top !== undefined && { rest: 0 }
  }))
  return { start, filled }
}

/** The most frequent values of all buckets together. */
function mostFrequent (counts: readonly Count[], top: number): Set<string> {
  const totals = new Map<string, number>()
  for (const { value, count } of counts) if (value !== null) totals.set(value, (totals.get(value) ?? 0) + count)
  const ranked = [...totals].sort(([one, count], [other, others]) => others - count || (one < other ? -1 : 1))
  return new Set(ranked.slice(0, top).map(([value]) => value))
}

/** Without a prototype, so that `__proto__` is a name like any other. */
function emptyRecord (): Record<string, number> {
  return Object.create(null)
}
