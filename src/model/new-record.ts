import { utcTime } from './instant.ts'
import type { LogRecord } from './record.ts'

/**
 * Makes a log of this process, at the present time, with the given fields.
 *
 * Defaults: severity `info`, an empty description, no attributes.
 */
export function newRecord (record: Partial<LogRecord> & Pick<LogRecord, 'message' | 'processName'>): LogRecord {
  const now = utcTime()
  return {
    eventAt: now,
    postTime: now,
    severity: 'info',
    pid: process.pid,
    description: '',
    attributes: null,
    ...record
  }
}
