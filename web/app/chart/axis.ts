// Where the axis of a histogram says a time.
import { calendarOf } from '../time/calendar.ts'
import type { Bucket } from './bars.ts'

export interface Tick {
  index: number
  at: string
  /** What the label says: the day where it begins, else the clock. */
  form: 'day' | 'minutes' | 'seconds'
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Milliseconds between labels. */
const steps = [
  ...[1, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hour)
]

/** Labels of bars that begin at round times of the zone, `minBars` apart at least; the interval is in milliseconds. */
export function ticksOf (buckets: readonly Bucket[], interval: number, minBars: number, isUtc: boolean): Tick[] {
  const step = steps.find((step) => step >= interval * minBars) ?? day
  const ticks: Tick[] = []
  for (const [index, { at }] of buckets.entries()) {
    const [, , , hours, minutes, seconds] = calendarOf(Date.parse(at), isUtc)
    const ofDay = hours * hour + minutes * minute + seconds * 1000
    const last = ticks.at(-1)
    // A bar of a day or longer may begin at any hour of it, where the clocks change.
    if ((interval < day && ofDay % step !== 0) || (last && index - last.index < minBars)) continue
    const form = interval >= day || ofDay === 0 ? 'day' : step < minute ? 'seconds' : 'minutes'
    ticks.push({ index, at, form })
  }
  return ticks
}
