import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import type { Cut, LogRecord, Severity } from '../model/record.ts'
import { lastTime } from '../model/span.ts'

/** An id that was not given by a server may tell any time. */
const lastMs = millisecondsOf(lastTime.slice(0, 23))

/** A log as the API returns it; times as by `isoTime`. */
export interface PresentedLog {
  id: string
  user: string
  at: string
  level: Severity
  process: string
  pid: number
  description: string
  message: string
  posted: string
  /** When the log arrived, to the millisecond, as its id tells. */
  arrived: string
  attributes: Record<string, unknown> | null
  cut?: Cut
}

export function presentLog (log: LogRecord & { id: string, cut?: Cut }, user: string): PresentedLog {
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
    arrived: isoTime(arrivalOf(log.id)),
    attributes: log.attributes,
    ...log.cut && { cut: log.cut }
  }
}

/** Time at which the log of an id arrived. See `src/write/ids.ts`. */
function arrivalOf (id: string): UtcTime {
  return utcTime(Math.min(Number(BigInt(id) >> 16n), lastMs))
}

/** ISO 8601 in UTC, to the microsecond: `2026-11-24T09:30:00.000000Z`. */
export function isoTime (time: UtcTime): string {
  return `${time.replace(' ', 'T')}Z`
}
