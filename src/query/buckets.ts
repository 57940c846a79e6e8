import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import type { Zone } from './zone.ts'

const hour = 3_600_000
const day = 24 * hour
const week = 7 * day
/** 1970 began on a Thursday. */
const firstMonday = 4 * day

/** How far a zone's clock is ahead of UTC, in milliseconds, up to a time; undefined: from then on for good. */
export interface Offset {
  until: UtcTime | undefined
  ms: number
}

/**
 * The intervals of a span of time in which logs are counted, by the clock of a time zone: days begin at its midnight, and may
 * have 23 or 25 hours; weeks begin on Monday. A bucket is told by when it begins, in milliseconds since 1970 by that clock.
 */
export class Buckets {
  readonly interval: number
  /** Where an interval begins, from which all others are counted. */
  readonly origin: number
  /** In the order of time. */
  readonly offsets: readonly Offset[]

  constructor (interval: number, { from, to }: { from: UtcTime, to: UtcTime }, zone: Zone | undefined) {
    this.interval = interval
    this.origin = interval % week === 0 ? firstMonday : 0
    const span = { from: millisecondsOf(from), to: millisecondsOf(to) }
    // No hour is left out or counted with another when clocks are changed.
    this.offsets = zone === undefined ? [{ until: undefined, ms: 0 }] : interval <= hour ? [{ until: undefined, ms: zone(span.from) }] : offsetsOf(zone, span)
  }

  /** Whether each whole hour of UTC is in one bucket. */
  get areOfHours (): boolean {
    return this.interval % hour === 0 && this.offsets.every(({ until, ms }) => ms % hour === 0 && (until === undefined || millisecondsOf(until) % hour === 0))
  }

  /** The bucket of an instant, in milliseconds since 1970. */
  of (instant: number): number {
    return Math.floor((clockAt(this.offsets, instant) - this.origin) / this.interval) * this.interval + this.origin
  }

  /** The instant at which a bucket begins. */
  startOf (bucket: number): number {
    return instantAt(this.offsets, bucket)
  }
}

function clockAt (offsets: readonly Offset[], instant: number): number {
  return instant + offsets.find(({ until }) => until === undefined || instant < millisecondsOf(until))!.ms
}

/** The first instant at which a clock shows a time, or a later one where it leaves that out. */
function instantAt (offsets: readonly Offset[], time: number): number {
  let start = -Infinity
  for (const { until, ms } of offsets) {
    const instant = Math.max(start, time - ms)
    if (until === undefined || instant < millisecondsOf(until)) return instant
    start = millisecondsOf(until)
  }
  throw new Error('the last offset has no end')
}

/** The clock is looked at every week, unless that would be too often. */
const maxWeeks = 5200

function offsetsOf (zone: Zone, { from, to }: { from: number, to: number }): Offset[] {
  const offsets: Offset[] = []
  let ms = zone(from)
  // Where intervals are of weeks and months at least, as there can't be more of them, an hour matters little.
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

/** When a clock begins to show what it shows at the end, to the second. */
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

/** The beginning of a day like 2026-11-24 by a zone's clock. Any other text stays as it is. */
export function startOfDay (text: string, zone: Zone): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00Z`) : NaN
  if (Number.isNaN(time)) return text
  return new Date(instantAt(offsetsOf(zone, { from: time - 2 * day, to: time + 2 * day }), time)).toISOString()
}
