import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'

/** A log as the API gives it. */
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

export function presentLog ({ id, eventAt, severity, processName, pid, description, message, postTime, attributes }: LogRecord & { id: string }, user: string): PresentedLog {
  return { id, user, at: isoTime(eventAt), level: severity, process: processName, pid, description, message, posted: isoTime(postTime), attributes }
}

/** ISO 8601 in UTC, to the microsecond: `2026-11-24T09:30:00.000000Z`. */
export function isoTime (time: UtcTime): string {
  return `${time.replace(' ', 'T')}Z`
}
