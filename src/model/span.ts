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

/** The same times as few spans, in order: those that overlap or follow each other are one. */
export function merged (spans: readonly Span[]): Span[] {
  const all: Span[] = []
  for (const { from, to } of spans.toSorted((one, other) => one.from < other.from ? -1 : 1)) {
    const last = all.at(-1)
    if (last === undefined || last.to < from) all.push({ from, to })
    else if (last.to < to) last.to = to
  }
  return all
}

/** The parts of some spans that are in none of the others, in order. */
export function partsOutside (spans: readonly Span[], others: readonly Span[]): Span[] {
  const parts: Span[] = []
  const taken = merged(others)
  let next = 0
  for (const span of merged(spans)) {
    let { from } = span
    for (let other = taken[next]; other && other.from < span.to; other = taken[++next]) {
      if (other.from > from) parts.push({ from, to: other.from })
      if (other.to > from) from = other.to
      // It may reach into the next span, too.
      if (other.to > span.to) break
    }
    if (from < span.to) parts.push({ from, to: span.to })
  }
  return parts
}

/** The time that is `milliseconds` after another, within what a DATETIME holds. */
export function shift (time: UtcTime, milliseconds: number): UtcTime {
  const shifted = millisecondsOf(time) + milliseconds
  return utcTime(Math.min(Math.max(shifted, Date.UTC(1000, 0, 1)), Date.UTC(9999, 11, 31, 23, 59, 59, 999)))
}
