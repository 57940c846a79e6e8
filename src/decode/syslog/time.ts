import type { UtcTime } from '../../model/instant.ts'
import { parseTime } from '../../model/time.ts'
import { believableAt } from '../time/index.ts'
import { readWrittenTime } from '../time/written.ts'
import { zonePattern } from '../time/zones.ts'

const clock = '\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?'
const zone = `(?: ${zonePattern}(?=:? ))?`

/**
 * Regular expression of the times in headers of RFC 3164.
 * It allows `Nov 23 05:36:02`, also with a fraction, a year before or after the day, a zone, or Cisco's mark of a clock
 * that is not synchronized; ctime's form; and ISO 8601 with `T` or a blank, from rsyslog's templates.
 */
export const oldTime = `(?:[*.]?(?:${[
  `(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \\d]?\\d (?:\\d{4} )?${clock}${zone}(?: \\d{4}(?=:? ))?`,
  `\\d{4} [A-Z][a-z]{2} [ \\d]?\\d ${clock}${zone}`
].join('|')})|\\d{4}-\\d\\d-\\d\\d(?:T\\S*[\\dZ]| ${clock}(?:Z|[+-]\\d\\d:?\\d\\d)?))`

/**
 * Reads the time of a header; undefined if it is not a time, or not plausible.
 * Without a zone ISO 8601 is UTC, as in all protocols; any other form is this process's local time. A time without a
 * year gets the latest year in which it is at most a day after `arrivedAt`, in milliseconds since 1970.
 */
export function readSyslogTime (text: string, arrivedAt: number): UtcTime | undefined {
  const time = parseTime(text) ?? readWrittenTime(text.replace(/^[*.]/, ''), { arrivedAt, isLocal: true })
  return time === undefined ? undefined : believableAt(time, arrivedAt)
}
