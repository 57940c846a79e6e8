import { millisecondsOf, utcTime, type UtcTime } from './instant.ts'

/** Half-open interval [from, to). */
export interface Span {
  from: UtcTime
  to: UtcTime
}

/** Half-open interval [from, to), without an end if `to` is undefined. */
export interface OpenSpan {
  from: UtcTime
  to: UtcTime | undefined
}

/** The first and the last time that a log can have, and, for comparisons only, one after all of them. */
export const startOfTime: UtcTime = '1000-01-01 00:00:00.000000'
export const lastTime: UtcTime = '9999-12-31 23:59:59.999999'
export const endOfTime: UtcTime = '9999-12-31 24:00:00.000000'

/** The beginning of a time's hour. */
export function hourOf (time: UtcTime): UtcTime {
  return `${time.slice(0, 13)}:00:00.000000`
}

/** The beginning of the hour that is `hours` after another, within what a DATETIME holds. */
export function hoursAfter (hour: UtcTime, hours: number): UtcTime {
  const time = millisecondsOf(hour) + hours * 3_600_000
  return time >= Date.UTC(10_000, 0, 1) ? endOfTime : utcTime(Math.max(time, Date.UTC(1000, 0, 1)))
}

/** The parts of a span that are in none of the others, in order. */
export function partsOutside (span: Span, others: readonly Span[]): Span[] {
  const parts: Span[] = []
  let { from } = span
  for (const other of others.toSorted((one, another) => one.from < another.from ? -1 : 1)) {
    if (other.from > from) parts.push({ from, to: other.from < span.to ? other.from : span.to })
    if (other.to > from) from = other.to
    if (from >= span.to) return parts
  }
  parts.push({ from, to: span.to })
  return parts
}

/** Whether two spans have a time in common. */
export function overlap (one: Span, other: Span): boolean {
  return one.from < other.to && other.from < one.to
}

/** The time that is `milliseconds` after another, within what a DATETIME holds. */
export function shift (time: UtcTime, milliseconds: number): UtcTime {
  const shifted = millisecondsOf(time) + milliseconds
  return utcTime(Math.min(Math.max(shifted, Date.UTC(1000, 0, 1)), Date.UTC(9999, 11, 31, 23, 59, 59, 999)))
}
