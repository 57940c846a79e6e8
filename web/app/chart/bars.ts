// A histogram as rectangles: one bar an interval, a part a value, the worst level at the bottom.
import { levels } from '../api/types.ts'

export interface Bucket {
  /** When it begins; ISO 8601. */
  at: string
  count: number
  by?: Record<string, number>
  /** Logs with other values than the most frequent. */
  rest?: number
}

export interface Part {
  /** Undefined: all other values. */
  value: string | undefined
  /** In parts of the height, from the bottom. */
  start: number
  end: number
}

/** Order of levels from the bottom: what is worst stands on the axis, where it is compared best. */
const worstFirst: readonly string[] = [...levels].reverse()

/** The values of all buckets in the order in which they are stacked. */
export function valuesOf (buckets: readonly Bucket[]): string[] {
  const totals = new Map<string, number>()
  for (const { by = {} } of buckets) {
    for (const [value, count] of Object.entries(by)) totals.set(value, (totals.get(value) ?? 0) + count)
  }
  return [...totals.keys()].sort((one, other) => {
    const places = [worstFirst.indexOf(one), worstFirst.indexOf(other)] as const
    if (places[0] >= 0 && places[1] >= 0) return places[0] - places[1]
    return (totals.get(other) ?? 0) - (totals.get(one) ?? 0)
  })
}

/** The parts of a bar, relative to the largest count. */
export function partsOf ({ count, by, rest }: Bucket, values: readonly string[], largest: number): Part[] {
  if (largest === 0) return []
  const parts: Part[] = []
  let sum = 0
  const add = (value: string | undefined, logs: number) => {
    if (logs === 0) return
    parts.push({ value, start: sum / largest, end: (sum + logs) / largest })
    sum += logs
  }
  for (const value of values) add(value, by?.[value] ?? 0)
  add(undefined, rest ?? count - sum)
  return parts
}

/** The number of logs in buckets. */
export function sumOf (buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0)
}

export interface Range {
  from: string
  /** Exclusive; empty: no bound. */
  to: string
}

/** The range of the buckets between two of them, in either order. */
export function rangeOf (buckets: readonly Bucket[], one: number, other: number): Range | undefined {
  const first = buckets[Math.min(one, other)]
  const next = buckets[Math.max(one, other) + 1]
  return first && { from: first.at, to: next?.at ?? '' }
}
