import type { UtcTime } from './instant.ts'

/** The five severities that are stored, least severe first. */
export const severities = ['debug', 'info', 'warning', 'error', 'critical'] as const

export type Severity = typeof severities[number]

/** One log, whatever protocol it was received by. */
export interface LogRecord {
  /** Time of the event, by the sender's clock. */
  eventAt: UtcTime
  /** Time of sending, by the sender's clock. */
  postTime: UtcTime
  severity: Severity
  /** The whole message, of any length. */
  message: string
  pid: number
  processName: string
  description: string
  /** All other fields that the sender gave; null if there are none. */
  attributes: Record<string, unknown> | null
}

/** Approximate size of a JSON value in bytes. */
export function sizeOfValue (value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 2
  for (const name of Object.keys(value)) {
    size += name.length + 4 + sizeOfValue((value as Record<string, unknown>)[name])
  }
  return size
}

/** What a log lacks that was read in part; it is stored whole. */
export interface Cut {
  /** Bytes of the whole message in UTF-8. */
  message?: number
  /** Texts inside the attributes were cut, or all attributes were left out, because they are too large. */
  attributes?: true
}

/** A stored log. */
export interface StoredLog extends LogRecord {
  /** A 64-bit number in decimal. */
  id: string
  userId: number
  /** Missing where the log is whole. */
  cut?: Cut
}
