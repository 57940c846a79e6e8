import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import type { Zone } from './zone.ts'

const hour = 3_600_000
const day = 24 * hour
const week = 7 * day
/** 1970 began on a Thursday. */
const firstMonday = 4 * day

/** Milliseconds by which a zone's clock is ahead of UTC, until a time; undefined for the last offset. */
export interface Offset {
  until: UtcTime | undefined
  ms: number
}

/**
 * Intervals of a span in which logs are counted, by the clock of a zone. Days begin at its midnight, and may have 23 or
 * 25 hours; weeks begin on Monday. A bucket is identified by its start, in milliseconds since 1970 by that clock.
 */
export class Buckets {
  readonly interval: number
  /** Start of one interval, from which all others are counted. */
  readonly origin: number
  /** In order of time. */
  readonly offsets: readonly Offset[]

  constructor (interval: number, { from, to }: { from: UtcTime, to: UtcTime }, zone: Zone | undefined) {
    this.interval = interval
    this.origin = interval % week === 0 ? firstMonday : 0
    const span = { from: millisecondsOf(from), to: millisecondsOf(to) }
    if (zone === undefined) this.offsets = [{ until: undefined, ms: 0 }]
    // One offset for short intervals: when the clocks change, no hour is left out or counted with another.
    else this.offsets = interval <= hour ? [{ until: undefined, ms: zone(span.from) }] : offsetsOf(zone, span)
  }

  /** Whether each hour of UTC is within one bucket. */
  get areOfHours (): boolean {
    return this.interval % hour === 0 && this.offsets.every(({ until, ms }) =>
      ms % hour === 0 && (until === undefined || millisecondsOf(until) % hour === 0))
  }

  /** Bucket of an instant, in milliseconds since 1970. */
  of (instant: number): number {
    return Math.floor((clockAt(this.offsets, instant) - this.origin) / this.interval) * this.interval + this.origin
  }

  /** Instant at which a bucket begins, in milliseconds since 1970. */
  startOf (bucket: number): number {
    return instantAt(this.offsets, bucket)
  }
}

function clockAt (offsets: readonly Offset[], instant: number): number {
  for (const { until, ms } of offsets) if (until === undefined || instant < millisecondsOf(until)) return instant + ms
  throw noLastOffset()
}

/** First instant at which a clock shows a time, or a later one if the clock skips it. */
function instantAt (offsets: readonly Offset[], time: number): number {
  let start = -Infinity
  for (const { until, ms } of offsets) {
    const instant = Math.max(start, time - ms)
    if (until === undefined || instant < millisecondsOf(until)) return instant
    start = millisecondsOf(until)
  }
  throw noLastOffset()
}

function noLastOffset (): Error {
  return new Error('the last offset must have no end')
}

/** Weeks of a span within which changes of the clock are searched. */
const maxWeeks = 5200

function offsetsOf (zone: Zone, { from, to }: { from: number, to: number }): Offset[] {
  const offsets: Offset[] = []
  let ms = zone(from)
  // The number of buckets is bounded: in a longer span they last weeks or months, and an hour matters little.
  const end = to - from > maxWeeks * week ? from : to
  for (let at = from; at < end; at += week) {
    const next = Math.min(at + week, end)
    const later = zone(next)
    if (later === ms) continue
    offsets.push({ until: utcTime(changeBetween(zone, at, next)), ms })
    ms = later
  }
  return [...offsets, { until: undefined, ms }]
}

/** Instant at which a clock changes to the offset that it has at the end, to the second. */
function changeBetween (zone: Zone, from: number, to: number): number {
  const last = zone(to)
  let before = Math.floor(from / 1000)
  let after = Math.ceil(to / 1000)
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (zone(middle * 1000) === last) after = middle
    else before = middle
  }
  return after * 1000
}

/** Start of a day like 2026-11-24 by a zone's clock, in ISO 8601. Any other text is returned unchanged. */
export function startOfDay (text: string, zone: Zone): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00Z`) : NaN
  if (Number.isNaN(time)) return text
  return new Date(instantAt(offsetsOf(zone, { from: time - 2 * day, to: time + 2 * day }), time)).toISOString()
}
