// When the logs of a batch were, as few ranges of time. A wrong clock among others would make one range of years, in
// which each reader of the batch would read all other logs of its user.
import { millisecondsOf, type UtcTime } from './instant.ts'

/** All times from the first to the last, both included. */
export interface TimeRange {
  firstAt: UtcTime
  lastAt: UtcTime
}

/** Ranges that are less apart are one, in milliseconds. */
const nearMs = 60_000

/** The ranges in order of time; those that are near each other are one. */
export function joined (ranges: readonly TimeRange[], withinMs = nearMs): TimeRange[] {
  const all: TimeRange[] = []
  for (const { firstAt, lastAt } of ranges.toSorted((one, other) => one.firstAt < other.firstAt ? -1 : 1)) {
    const last = all.at(-1)
    if (last === undefined || !isNear(last.lastAt, firstAt, withinMs)) all.push({ firstAt, lastAt })
    else if (lastAt > last.lastAt) last.lastAt = lastAt
  }
  return all
}

/** The times as ranges, in order. If there are more than `max`, those that are less far apart are one, too. */
export function rangesOf (times: readonly UtcTime[], max: number): TimeRange[] {
  const [first] = times
  if (first === undefined) return []
  const whole = { firstAt: first, lastAt: first }
  for (const at of times) {
    if (at < whole.firstAt) whole.firstAt = at
    if (at > whole.lastAt) whole.lastAt = at
  }
  if (isNear(whole.firstAt, whole.lastAt, nearMs)) return [whole]
  let ranges = joined(times.map((at) => ({ firstAt: at, lastAt: at })))
  for (let withinMs = 2 * nearMs; ranges.length > max; withinMs *= 2) ranges = joined(ranges, withinMs)
  return ranges
}

function isNear (one: UtcTime, later: UtcTime, withinMs: number): boolean {
  return later <= one || millisecondsOf(later) - millisecondsOf(one) < withinMs
}
