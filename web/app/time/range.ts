// Ranges of time as the address has them: how they are moved and widened.
import { startOfDay } from './calendar.ts'
import { instantOf, isoOf, isRelative } from './instant.ts'
import type { View } from '../view/view.ts'

export type Range = Pick<View, 'from' | 'to'>

/** The last ones as the API takes them. */
export const quickRanges = ['-5m', '-15m', '-1h', '-6h', '-24h', '-7d', '-30d'] as const

/** The range before or after, of the same length; undefined where it has no beginning or would be in the future. */
export function move ({ from, to }: Range, direction: -1 | 1, now: number): Range | undefined {
  const start = instantOf(from, now)
  const end = instantOf(to, now) ?? now
  if (start === undefined || start >= end || (direction > 0 && end >= now)) return undefined
  const length = (end - start) * direction
  return { from: isoOf(start + length), to: isoOf(end + length) }
}

/** A range twice as long, around the same middle but not beyond now; undefined where it has no beginning. */
export function widen ({ from, to }: Range, now: number): Range | undefined {
  const start = instantOf(from, now)
  const end = instantOf(to, now) ?? now
  if (start === undefined || start >= end) return undefined
  if (isRelative(from) && (to === '' || to === 'now')) return { from: doubled(from), to }
  const wantedEnd = end + (end - start) / 2
  const isOpen = to === '' || (end <= now && wantedEnd > now)
  const shownEnd = isOpen ? Math.max(now, end) : wantedEnd
  return { from: isoOf(shownEnd - 2 * (end - start)), to: isOpen ? '' : isoOf(shownEnd) }
}

/** `-1h` as `-2h`. */
function doubled (ago: string): string {
  return `-${2 * Number(ago.slice(1, -1))}${ago.slice(-1)}`
}

/** Today, or the day before it, in the zone. */
export function dayRange (daysBefore: 0 | 1, now: number, isUtc: boolean): Range {
  const from = isoOf(startOfDay(now, isUtc, daysBefore))
  return { from, to: daysBefore === 0 ? '' : isoOf(startOfDay(now, isUtc)) }
}
