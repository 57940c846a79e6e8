// The order of logs within a microsecond, the unit of a stored time.
import type { LogRecord } from '../model/record.ts'
import { subMicroseconds } from './time/index.ts'

const nanoseconds = new WeakMap<LogRecord, number>()

/** Keeps the nanoseconds of a log's time beyond its microseconds. `value` is as `timeOf` reads it, or since 1970. */
export function rememberNanoseconds (record: LogRecord, value: unknown): void {
  const beside = subMicroseconds(value)
  if (beside > 0) nanoseconds.set(record, beside)
}

/** Sorts the logs of a request by time and nanoseconds, if any are out of that order. */
export function sortByNanoseconds (records: LogRecord[]): void {
  let before: LogRecord | undefined
  for (const record of records) {
    if (before && compare(before, record) > 0) {
      records.sort(compare)
      return
    }
    before = record
  }
}

function compare (one: LogRecord, other: LogRecord): number {
  if (one.eventAt !== other.eventAt) return one.eventAt < other.eventAt ? -1 : 1
  return (nanoseconds.get(one) ?? 0) - (nanoseconds.get(other) ?? 0)
}
