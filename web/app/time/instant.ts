// Times of the API: relative to now, or ISO 8601.
import { instantOf as instantOfText } from '../../../src/query/instant.ts'

/** Milliseconds since 1970; undefined where there is no bound, or no such time. */
export function instantOf (time: string, now: number): number | undefined {
  if (time === '') return undefined
  try {
    return Date.parse(`${instantOfText('time', time, now).replace(' ', 'T')}Z`)
  } catch {
    return undefined
  }
}

export function isRelative (time: string): boolean {
  return time.startsWith('-') || time === 'now'
}

export function isoOf (instant: number): string {
  return new Date(instant).toISOString()
}
