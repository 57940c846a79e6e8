// A histogram as shapes: one bar an interval, a part a value, the worst level at the bottom.
import { levels } from '../api/types.ts'

export interface Bucket {
  /** When it begins; ISO 8601. */
  at: string
  count: number
  by?: Record<string, number>
}

export interface Size {
  width: number
  height: number
}

/** Values that have a colour of their own; the others are counted together. */
export const topValues = 5

/** Order of levels from the bottom: what is worst stands on the axis, where it is compared best. */
const worstFirst: readonly string[] = [...levels].reverse()

/** The most frequent values of all buckets, in the order in which they are stacked. */
export function valuesOf (buckets: readonly Bucket[]): string[] {
  const totals = new Map<string, number>()
  for (const { by = {} } of buckets) {
    for (const [value, count] of Object.entries(by)) totals.set(value, (totals.get(value) ?? 0) + count)
  }
  const counted = [...totals.keys()].filter((value) => totals.get(value) !== 0)
  if (counted.every((value) => worstFirst.includes(value))) return worstFirst.filter((value) => counted.includes(value))
  return counted.sort((one, other) => (totals.get(other) ?? 0) - (totals.get(one) ?? 0)).slice(0, topValues)
}

/** Logs of a bucket with a value, which may have any name. */
export function logsWith ({ by = {} }: Pick<Bucket, 'by'>, value: string): number {
  return Object.hasOwn(by, value) ? by[value] ?? 0 : 0
}

/** Counts of the values, and last of all others, in one bucket. */
export function countsOf ({ count, by }: Bucket, values: readonly string[]): number[] {
  const counts = values.map((value) => logsWith({ by }, value))
  return [...counts, count - counts.reduce((sum, each) => sum + each, 0)]
}

/** Pixels from the bottom at which the part of a bar begins and ends. */
export type Part = readonly [start: number, end: number]

/** The parts of a bar. Each has a pixel at least, and a gap of one before it where the bar is high enough. */
export function partsOf (counts: readonly number[], scale: number): Part[] {
  const heights = counts.map((count) => count === 0 ? 0 : Math.max(1, Math.round(count * scale)))
  const shown = heights.filter((height) => height > 0).length
  const total = Math.round(counts.reduce((sum, count) => sum + count, 0) * scale)
  const largest = heights.indexOf(Math.max(...heights))
  const rounded = heights.reduce((sum, height) => sum + height, 0) - total
  // The largest part makes room for the gaps.
  const gap = (heights[largest] ?? 0) > rounded + shown ? 1 : 0
  const excess = rounded + gap * (shown - 1)
  let start = 0
  return heights.map((height, index) => {
    if (height === 0) return [start, start]
    const end = start + (index === largest ? Math.max(1, height - excess) : height)
    const part = [start, end] as const
    start = end + gap
    return part
  })
}

/** Path of each value's parts, and last of all others'. */
export function pathsOf (buckets: readonly Bucket[], values: readonly string[], { width, height }: Size): string[] {
  const paths = [...values, ''].map(() => '')
  const scale = height / Math.max(1, ...buckets.map(({ count }) => count))
  for (const [index, bucket] of buckets.entries()) {
    const { left, right } = edgesOf(index, buckets.length, width)
    for (const [part, [start, end]] of partsOf(countsOf(bucket, values), scale).entries()) {
      if (end > start) paths[part] += `M${left} ${height - start}V${height - end}H${right}V${height - start}Z`
    }
  }
  return paths
}

/** Edges of a bar in pixels, without the gap after it. */
export function edgesOf (index: number, bars: number, width: number): { left: number, right: number } {
  const left = Math.round(index * width / bars)
  return { left, right: Math.max(left + 1, Math.round((index + 1) * width / bars) - 1) }
}

/** The number of logs in buckets. */
export function sumOf (buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0)
}

/** Place of an instant, in bars from the left; the interval is in milliseconds. */
export function placeOf (at: number, buckets: readonly Bucket[], interval: number): number {
  const index = buckets.findLastIndex((bucket) => Date.parse(bucket.at) <= at)
  if (index < 0) return 0
  const start = Date.parse(buckets[index]?.at ?? '')
  const end = Date.parse(buckets[index + 1]?.at ?? '') || start + interval
  return index + Math.min(1, (at - start) / (end - start))
}
