import { BadRequest } from '../errors.ts'
import { utcTime, type UtcTime } from '../model/instant.ts'
import { parseTime } from '../model/time.ts'

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** What a time of a query may be. */
export const instantRule = 'an ISO 8601 time, a day like 2026-11-24, now, or how long ago: -30s, -15m, -1h, -7d, -2w'

/**
 * The instant that a text means, seen from now (milliseconds since 1970). A day is its beginning in
 * UTC. Throws BadRequest, which names the parameter.
 */
export function instantOf (name: string, text: string, now = Date.now()): UtcTime {
  if (text === 'now') return utcTime(now)
  const [, count, unit] = /^-(\d{1,9})([smhdw])$/.exec(text) ?? []
  const past = unit === undefined ? undefined : now - Number(count) * units[unit]!
  const time = past === undefined ? parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text) : past > Date.UTC(1000, 0, 1) ? utcTime(past) : undefined
  if (time === undefined) throw new BadRequest(`${name} must be ${instantRule}`)
  return time
}

/** Longest interval, in days. */
const maxIntervalDays = 36_500

/** An interval like `10s`, `5m`, `1h`, `1d` in milliseconds. Throws BadRequest, which names the parameter. */
export function intervalOf (name: string, text: string): number {
  const [, count, unit] = /^([1-9]\d{0,8})([smhdw])$/.exec(text) ?? []
  if (unit === undefined) throw new BadRequest(`${name} must be a length of time like 30s, 5m, 1h or 1d`)
  const interval = Number(count) * units[unit]!
  if (interval > maxIntervalDays * units.d!) throw new BadRequest(`${name} must be ${maxIntervalDays} days at most`)
  return interval
}
