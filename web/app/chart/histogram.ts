// A histogram of a search, and what becomes of it: counted further back, or grown by logs that arrive.
import type { Log, Times } from '../api/types.ts'
import type { Range } from '../time/range.ts'
import { logsWith, type Bucket } from './bars.ts'

export interface Histogram extends Times {
  /** In seconds. */
  interval: number
  buckets: readonly Bucket[]
  /** False: not all logs are counted. */
  complete: boolean
  /** All logs from here on are counted, where the time was over. */
  reached?: string
  /** Rare values were left out, which are too many. */
  cut?: { values: boolean }
}

/** Index of the first bar whose logs are all counted. */
export function firstCounted ({ buckets, complete, reached, cut }: Histogram): number {
  if (complete || (reached === undefined && cut?.values === true)) return 0
  if (reached === undefined) return buckets.length
  const time = Date.parse(reached)
  const index = buckets.findIndex(({ at }) => Date.parse(at) >= time)
  return index < 0 ? buckets.length : index
}

/** A histogram whose bars before the first counted one are taken from one that ends there. */
export function joined (older: Histogram, newer: Histogram): Histogram {
  const { complete, cut = newer.cut } = older
  const counted = newer.buckets.slice(firstCounted(newer))
  const first = counted[0]?.at
  const reached = complete ? undefined : older.reached ?? first
  const before = older.buckets.filter(({ at }) => first === undefined || at < first)
  return { ...newer, buckets: [...before, ...counted], complete, reached, cut }
}

/** The range of the bars between two of them, in either order, within the times of the search. */
export function rangeOf (
  { buckets, from, to }: Pick<Histogram, 'buckets' | 'from' | 'to'>, one: number, other: number
): Range | undefined {
  const first = buckets[Math.min(one, other)]
  const next = buckets[Math.max(one, other) + 1]?.at
  if (!first) return undefined
  return { from: from !== null && from > first.at ? from : first.at, to: next ?? to ?? '' }
}

/** A histogram with logs that arrived since; `valueOf` gives the value by which a log is counted. */
export function grown (
  histogram: Histogram, logs: readonly Log[], valueOf: (log: Log) => string | undefined
): Histogram {
  const intervalMs = histogram.interval * 1000
  const buckets = [...histogram.buckets]
  for (const log of logs) {
    for (let end = endOf(buckets, intervalMs); end <= Date.parse(log.at); end = endOf(buckets, intervalMs)) {
      if (buckets.length >= maxGrown) return { ...histogram, buckets }
      buckets.push({ at: `${new Date(end).toISOString().slice(0, -1)}000Z`, count: 0, by: {} })
    }
    const index = buckets.findLastIndex(({ at }) => at <= log.at)
    const bucket = buckets[index]
    if (!bucket) continue
    const { at, count, by = {} } = bucket
    const value = valueOf(log)
    buckets[index] = {
      at, count: count + 1, by: value === undefined ? by : { ...by, [value]: logsWith({ by }, value) + 1 }
    }
  }
  return { ...histogram, buckets }
}

/** Bars to which a histogram grows until it is asked for again. */
const maxGrown = 400

function endOf (buckets: readonly Bucket[], intervalMs: number): number {
  const last = buckets.at(-1)
  return last ? Date.parse(last.at) + intervalMs : Infinity
}
