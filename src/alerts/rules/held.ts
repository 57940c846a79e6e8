// Logs of which a rule tells, as few facts as a message needs.
import { millisecondsOf, type UtcTime } from '../../model/instant.ts'
import { severities, type Severity, type StoredLog } from '../../model/record.ts'
import { earlier, later, withSamples, type Sample } from '../tally.ts'

/** A log that happened this much before its arrival is late. */
const lateMs = 10 * 60_000

/** Logs that were not told yet. */
export interface Held {
  logs: number
  /** By the time of the events. */
  firstAt: UtcTime
  lastAt: UtcTime
  worst: Severity
  /** Of the first log. */
  process: string
  samples: Sample[]
  /** Number of logs that came late, and when the last of them arrived. */
  lateLogs: number
  arrivedAt: UtcTime
}

export function heldOf ({ id, eventAt, severity, processName }: StoredLog, seenAt: UtcTime): Held {
  return {
    logs: 1,
    firstAt: eventAt,
    lastAt: eventAt,
    worst: severity,
    process: processName,
    samples: [{ id, at: eventAt }],
    lateLogs: isLate(eventAt, seenAt) ? 1 : 0,
    arrivedAt: seenAt
  }
}

/** The logs of both, the first of which came first. */
export function joinHeld (one: Held | undefined, other: Held): Held {
  if (one === undefined) return other
  return {
    logs: one.logs + other.logs,
    firstAt: earlier(one.firstAt, other.firstAt),
    lastAt: later(one.lastAt, other.lastAt),
    worst: severities.indexOf(one.worst) > severities.indexOf(other.worst) ? one.worst : other.worst,
    process: one.process,
    samples: withSamples(one.samples, other.samples),
    lateLogs: one.lateLogs + other.lateLogs,
    arrivedAt: later(one.arrivedAt, other.arrivedAt)
  }
}

export function isLate (eventAt: UtcTime, seenAt: UtcTime): boolean {
  return millisecondsOf(eventAt) + lateMs < millisecondsOf(seenAt)
}

/** A sentence about logs that came late; undefined where none did. */
export function lateNote (
  { logs, lateLogs, lastAt, arrivedAt }: Pick<Held, 'logs' | 'lateLogs' | 'lastAt' | 'arrivedAt'>
): string | undefined {
  if (lateLogs === 0) return undefined
  const which = lateLogs === logs ? 'These logs' : `${lateLogs} of these logs`
  return `${which} came late: the last happened ${toMinute(lastAt)}, and came ${toMinute(arrivedAt)} UTC.`
}

/** A time as people read it: `2026-11-24 09:30`. */
export function toMinute (time: UtcTime): string {
  return time.slice(0, 16)
}
