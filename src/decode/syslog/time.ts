import type { UtcTime } from '../../model/instant.ts'
import { parseTime } from '../../model/time.ts'
import { believableAt } from '../time/index.ts'
import { readWrittenTime } from '../time/written.ts'
import { zonePattern } from '../time/zones.ts'

const clock = '\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?'
const zone = `(?: ${zonePattern}(?=:? ))?`

/**
 * As RFC 3164 has it, `Nov 23 05:36:02`, also with a fraction, a year before or behind the day, a zone, or, of a clock
 * that is not synchronized, the mark of Cisco's before it; ctime's; or ISO 8601, as rsyslog's templates give it, with
 * `T` or a blank.
 */
export const oldTime = `(?:[*.]?(?:${[
  `(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \\d]?\\d (?:\\d{4} )?${clock}${zone}(?: \\d{4}(?=:? ))?`,
  `\\d{4} [A-Z][a-z]{2} [ \\d]?\\d ${clock}${zone}`
].join('|')})|\\d{4}-\\d\\d-\\d\\d(?:T\\S*[\\dZ]| ${clock}(?:Z|[+-]\\d\\d:?\\d\\d)?))`

/**
 * Reads the time of a header; undefined if it is not a time, or not plausible. Without a zone ISO 8601 is UTC, as in all
 * protocols; any other form is this process's local time. Without a year the latest one counts in which the time is at most
 * a day after `arrivedAt`, in milliseconds since 1970.
 */
export function readSyslogTime (text: string, arrivedAt: number): UtcTime | undefined {
  const time = parseTime(text) ?? readWrittenTime(text.replace(/^[*.]/, ''), { arrivedAt, isLocal: true })
  return time === undefined ? undefined : believableAt(time, arrivedAt)
}
