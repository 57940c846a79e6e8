import { utcTime, type UtcTime } from '../record.ts'
import { parseTime } from '../time.ts'

/** As RFC 3164 has it, `Nov 23 05:36:02`, also with a fraction or, as of Cisco's firewalls, with a year; or ISO 8601, as rsyslog's templates give it. */
export const oldTime = '(?:[A-Z][a-z]{2} [ \\d]?\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?|\\d{4}-\\d\\d-\\d\\dT\\S*[\\dZ])'

const yearless = /^(\w{3}) +(\d+) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Before syslog was there: from a clock that nobody has set. */
const earliest = '1980'

/**
 * When it happened; undefined where the text is no time, or one before 1980. Without a zone ISO 8601
 * is UTC, as everywhere here; the time of RFC 3164 can't have one and is this process's local time.
 * Without a year it is of the year that brings it closest to its arrival, in milliseconds since 1970.
 */
export function readSyslogTime (text: string, arrivedAt: number): UtcTime | undefined {
  const match = yearless.exec(text)
  const time = match ? readLocal(match, arrivedAt) : parseTime(text)
  return time !== undefined && time >= earliest ? time : undefined
}

function readLocal ([, name, day, givenYear, hour, minute, second, fraction = '']: RegExpExecArray, arrivedAt: number): UtcTime | undefined {
  const month = months.indexOf(name!)
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const near = new Date(arrivedAt).getFullYear()
  const years = givenYear === undefined ? [near - 1, near, near + 1] : [Number(givenYear)]
  const [closest] = years
    // The 29th of February is none in most years.
    .filter((year) => new Date(year, month, Number(day)).getMonth() === month)
    .map((year) => new Date(year, month, Number(day), Number(hour), Number(minute), Number(second)).getTime())
    .sort((one, other) => Math.abs(one - arrivedAt) - Math.abs(other - arrivedAt))
  return closest === undefined ? undefined : utcTime(closest).slice(0, 20) + fraction.slice(0, 6).padEnd(6, '0')
}
