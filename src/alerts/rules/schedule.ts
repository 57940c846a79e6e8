// Times of schedules and quiet hours, by the clock of a time zone.
import { Cron } from 'croner'
import { LRUCache } from 'lru-cache'
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import { shift, type Span } from '../../model/span.ts'
import { zoneOf } from '../../query/zone.ts'
import type { Expected, QuietHours } from './rule.ts'

/** Expressions whose compiled form is remembered. */
const maxSchedules = 1000
const schedules = new LRUCache<string, Cron>({ max: maxSchedules })
/** Spans that one deadline may leave out. */
const maxExcused = 1000

/**
 * The next time of a cron expression after another one; undefined where there is none.
 * A time that the clock skips when summer begins is the end of the gap; one that it shows twice in autumn counts once.
 */
export function nextRun (cron: string, zone: string, after: UtcTime): UtcTime | undefined {
  const name = `${zone} ${cron}`
  const schedule = schedules.get(name) ?? new Cron(cron, { timezone: zone, paused: true })
  schedules.set(name, schedule)
  const next = schedule.nextRun(new Date(millisecondsOf(after)))
  return next === null ? undefined : utcTime(next.getTime())
}

/** Whether an expression has five fields, and a time at which it is due. */
export function isCron (cron: string): boolean {
  try {
    return cron.trim().split(/\s+/).length === 5 && nextRun(cron, 'UTC', utcTime()) !== undefined
  } catch {
    return false
  }
}

/** Whether a text is the name of a time zone. */
export function isZone (zone: string): boolean {
  try {
    return /^[A-Z]/i.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }).format() !== ''
  } catch {
    return false
  }
}

/** When quiet hours end that are under way; undefined where none are. */
export function quietUntil ({ from, to, zone }: QuietHours, now: UtcTime): UtcTime | undefined {
  const instant = millisecondsOf(now)
  const clock = new Date(instant + zoneOf('zone', zone)(instant)).toISOString().slice(11, 16)
  const isQuiet = from <= to ? from <= clock && clock < to : from <= clock || clock < to
  if (!isQuiet) return undefined
  const [hour, minute] = to.split(':').map(Number)
  return nextRun(`${minute} ${hour} * * *`, zone, now)
}

/** When logs must have come, with the grace, and the spans that were left out because none could come. */
export interface Deadline {
  /** From here on they are late. */
  at: UtcTime
  /** From here on there is silence. */
  withGrace: UtcTime
  excused: Span[]
}

function nextExpected (expected: Expected, after: UtcTime): UtcTime | undefined {
  if ('cron' in expected) return nextRun(expected.cron, expected.zone, after)
  return shift(after, expected.everySeconds * 1000)
}

/**
 * The deadline of logs that were last heard of at a time; undefined where no more are expected.
 * A gap in which no log could be stored does not count: an interval begins again at its end, and a time of a schedule
 * within it, or so soon before it that the grace was not over, is left out.
 */
export function deadlineAfter (
  heardAt: UtcTime, expected: Expected & { graceSeconds: number }, gaps: readonly Span[]
): Deadline | undefined {
  const graceMs = expected.graceSeconds * 1000
  const excused: Span[] = []
  let from = heardAt
  for (let tries = 0; tries < maxExcused; tries++) {
    const at = nextExpected(expected, from)
    if (at === undefined) return undefined
    const withGrace = shift(at, graceMs)
    const since = 'cron' in expected ? at : from
    const gap = gaps.find((one) => one.from < withGrace && one.to > since)
    if (gap === undefined) return { at, withGrace, excused }
    excused.push(gap)
    from = 'cron' in expected ? at : gap.to
  }
  return undefined
}
