import { utcTime, type UtcTime } from './instant.ts'

/** The five severities that are stored, least severe first. */
export const severities = ['debug', 'info', 'warning', 'error', 'critical'] as const

export type Severity = typeof severities[number]

/** One log, whatever protocol it came in by: the one currency between the rooms. */
export interface LogRecord {
  /** When it happened, by the sender's clock. */
  eventAt: UtcTime
  /** When the sender posted it, by the sender's clock. */
  postTime: UtcTime
  severity: Severity
  /** Whole, of any length. */
  message: string
  pid: number
  processName: string
  description: string
  /** Everything else that the sender gave; null when there is nothing else. */
  attributes: Record<string, unknown> | null
}

/** About how many bytes a value of JSON takes. */
export function sizeOfValue (value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 2
  for (const name of Object.keys(value)) size += name.length + 4 + sizeOfValue((value as Record<string, unknown>)[name])
  return size
}

/** A log of this process that happens now, but for what is given: of severity info, with an empty description and no attributes. */
export function newRecord (record: Partial<LogRecord> & Pick<LogRecord, 'message' | 'processName'>): LogRecord {
  const now = utcTime()
  return { eventAt: now, postTime: now, severity: 'info', pid: process.pid, description: '', attributes: null, ...record }
}

/** A log as it is stored. */
export interface StoredLog extends LogRecord {
  /** A decimal number of 64 bits. */
  id: string
  userId: number
}
