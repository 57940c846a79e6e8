import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'

/** A log as the API returns it; times as by `isoTime`. */
export interface PresentedLog {
  id: string
  user: string
  at: string
  level: string
  process: string
  pid: number
  description: string
  message: string
  posted: string
  attributes: Record<string, unknown> | null
}

export function presentLog (log: LogRecord & { id: string }, user: string): PresentedLog {
  return {
    id: log.id,
    user,
    at: isoTime(log.eventAt),
    level: log.severity,
    process: log.processName,
    pid: log.pid,
    description: log.description,
    message: log.message,
    posted: isoTime(log.postTime),
    attributes: log.attributes
  }
}

/** ISO 8601 in UTC, to the microsecond: `2026-11-24T09:30:00.000000Z`. */
export function isoTime (time: UtcTime): string {
  return `${time.replace(' ', 'T')}Z`
}
