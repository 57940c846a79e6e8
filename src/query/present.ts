import type { UtcTime } from '../record.ts'

/** ISO 8601 in UTC, to the microsecond: `2026-11-24T09:30:00.000000Z`. */
export function isoTime (time: UtcTime): string {
  return `${time.replace(' ', 'T')}Z`
}
