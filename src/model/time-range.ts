// When the logs of a batch were, as few ranges of time. With one range, a wrong clock among others would make it years
// long, and each reader of the batch would go through all logs of its user in these years.
import { millisecondsOf, type UtcTime } from './instant.ts'

/** All times from the first to the last, both included. */
export interface TimeRange {
  firstAt: UtcTime
  lastAt: UtcTime
}

/** Ranges that are closer than this are near each other, in milliseconds. */
const nearMs = 60_000

/** The times as at most `max` ranges, in order; see `joined`. */
export function rangesOf (times: readonly UtcTime[], max: number): TimeRange[] {
  const [first] = times
  if (first === undefined) return []
  const whole = { firstAt: first, lastAt: first }
  for (const at of times) {
    if (at < whole.firstAt) whole.firstAt = at
    if (at > whole.lastAt) whole.lastAt = at
  }
  if (isNear(whole.firstAt, whole.lastAt, nearMs)) return [whole]
  return joined(times.map((at) => ({ firstAt: at, lastAt: at })), max)
}

/** At most `max` ranges, in order: those that are near each other are joined; if there are more, others, too. */
export function joined (ranges: readonly TimeRange[], max: number): TimeRange[] {
  let few = joinedWithin(ranges, nearMs)
  for (let withinMs = 2 * nearMs; few.length > max; withinMs *= 2) few = joinedWithin(few, withinMs)
  return few
}

function joinedWithin (ranges: readonly TimeRange[], withinMs: number): TimeRange[] {
  const all: TimeRange[] = []
  for (const { firstAt, lastAt } of ranges.toSorted((one, other) => one.firstAt < other.firstAt ? -1 : 1)) {
    const last = all.at(-1)
    if (last === undefined || !isNear(last.lastAt, firstAt, withinMs)) all.push({ firstAt, lastAt })
    else if (lastAt > last.lastAt) last.lastAt = lastAt
  }
  return all
}

function isNear (one: UtcTime, later: UtcTime, withinMs: number): boolean {
  return later <= one || millisecondsOf(later) - millisecondsOf(one) < withinMs
}
