import { BadRequest } from '../model/bad-request.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { parseTime } from '../model/time.ts'

const unitMs = new Map([['s', 1000], ['m', 60_000], ['h', 3_600_000], ['d', 86_400_000], ['w', 604_800_000]])

/** Forms of a time in a query. */
export const instantRule = 'an ISO 8601 time, a day like 2026-11-24, now, or how long ago: -30s, -15m, -1h, -7d, -2w'

/**
 * Instant that a text means, relative to now (milliseconds since 1970). A day is its start in UTC.
 * Throws BadRequest, which names the parameter.
 */
export function instantOf (name: string, text: string, now = Date.now()): UtcTime {
  const time = text === 'now' ? utcTime(now) : timeAgo(text, now) ?? parseTime(isDay(text) ? `${text}T00:00` : text)
  if (time === undefined) throw new BadRequest(`${name} must be ${instantRule}`, { rule: 'time.invalid', field: name })
  return time
}

/** Instant of an ISO 8601 time, cut to whole milliseconds. Throws BadRequest, which names the parameter. */
export function absoluteTime (name: string, text: string): UtcTime {
  const time = parseTime(text)
  if (time === undefined) {
    throw new BadRequest(`${name} must be an ISO 8601 time`, { rule: 'time.invalid', field: name })
  }
  return `${time.slice(0, 23)}000`
}

function timeAgo (text: string, now: number): UtcTime | undefined {
  const ago = text.startsWith('-') ? durationOf(text.slice(1)) : undefined
  return ago !== undefined && now - ago > Date.UTC(1000, 0, 1) ? utcTime(now - ago) : undefined
}

function isDay (text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text)
}

const maxIntervalDays = 36_500
const dayMs = 86_400_000

/** Milliseconds of an interval like `10s`, `5m`, `1h`, `1d`. Throws BadRequest, which names the parameter. */
export function intervalOf (name: string, text: string): number {
  const interval = text.startsWith('0') ? undefined : durationOf(text)
  if (interval === undefined) {
    const fault = { rule: 'interval.invalid', field: name } as const
    throw new BadRequest(`${name} must be a length of time like 30s, 5m, 1h or 1d`, fault)
  }
  if (interval > maxIntervalDays * dayMs) {
    const fault = { rule: 'interval.too-long', field: name, limit: maxIntervalDays * dayMs } as const
    throw new BadRequest(`${name} must be ${maxIntervalDays} days at most`, fault)
  }
  return interval
}

/** In milliseconds. */
function durationOf (text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  const ms = unitMs.get(unit)
  return ms === undefined ? undefined : Number(count) * ms
}
