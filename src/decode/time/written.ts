// Times as programs write them for people, each with a time of day and a zone in any of the forms below:
//
//   2026-11-20  2026/11/20  2026.11.20  20261120          year, month, day
//   20/Nov/2026  20-Nov-2026  20 Nov 2026  20-Nov-26      CLF, PHP, RFC 2822, RFC 850; without a year Redis
//   Nov 20, 2026  Nov 20 2026  Nov 20  2026 Nov 20        Java, Cisco, syslog, ctime with its year at the end
//   20.11.2026                                            day, month, year
//   11/20/2026  20/11/2026                                if a part above 12, or AM and PM, show which is the month
//
//   T09:15  09:15:00  9:15:00 AM  09:15:00.5  09:15:00,5  091500  09.15.00
//
//   Z  UTC  CET  +01  +0100  +01:00  GMT+0100  +0100 CET  [Europe/Vienna]  +01:00[Europe/Vienna]  Europe/Vienna
import type { UtcTime } from '../../model/instant.ts'
import { daysIn, fromSeconds } from '../../model/time.ts'
import { zoneOffset } from './zones.ts'

/** Parts of a date, in the sender's digits. */
interface Day {
  year?: string
  month: number
  day: string
}

interface Clock {
  hour: number
  minute: number
  second: number
  fraction: string
}

/** Context of a text that has no year or no zone. */
interface Surroundings {
  /** Milliseconds since 1970. A time without a year gets the latest year in which it is at most a day later. */
  arrivedAt: number
  /** Whether a time without a zone is in this process's local time, instead of UTC. */
  isLocal: boolean
}

const dayMs = 86_400_000
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const weekday = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? +/i

type DayReader = (groups: string[], text: string) => Day | undefined

const numericForms: Array<[RegExp, DayReader]> = [
  [/^(\d{4})([-/.])(\d\d?)\2(\d\d?)(?!\d)/, ([year, , month, day = '']) => ({ year, month: Number(month), day })],
  [/^(\d{4})(\d\d)(\d\d)/, ([year, month, day = '']) => ({ year, month: Number(month), day })],
  [
    /^(\d\d?)([ /-])([a-z]{3,9})\.?(?:\2(\d{4}|\d\d(?![\d:])))?/i,
    ([day = '', , month = '', year]) => ({ year: year?.length === 2 ? `20${year}` : year, month: monthOf(month), day })
  ],
  [/^(\d{4}) ([a-z]{3,9}) +(\d\d?)/i, ([year, month = '', day = '']) => ({ year, month: monthOf(month), day })],
  [/^(\d\d?)\.(\d\d?)\.(\d{4})/, ([day = '', month, year]) => ({ year, month: Number(month), day })],
  [/^(\d\d?)([/-])(\d\d?)\2(\d{4})/, readAmbiguousDay]
]

const namedForm: [RegExp, DayReader] = [
  /^([a-z]{3,9})\.? +(\d\d?)(?:,? +(\d{4})(?![\d:]))?/i,
  ([month = '', day = '', year]) => ({ year, month: monthOf(month), day })
]

const separator = /^(?:t|[ ,:_@-]{1,3}|,? at )/i
const clockForm = /^(\d\d?)([:.]?)(\d\d)(?:\2(\d\d)(?:[.,:](\d+))?)?(?: ?([ap])\.?m\b\.?)?/i

/** Go's monotonic clock, or a comment in parentheses, as in RFC 2822 and JavaScript. */
const tail = /(?: m=[+-][\d.]+| *\([^()]*\))$/
const yearBehind = /^ +(?:(\S+) +)?(\d{4})$/
const offsetForm =
  /^ *(?:utc|gmt|ut)? ?([+\-\u2212])(\d\d?)(?::?(\d\d))?(?:z| +[a-z]{1,5}| +[+-]\d{2,4})?(?:\[[^[\]]*\])*$/i
/** Minutes in three digits, the form of DB2 and WMI. */
const minutesForm = /^([+-])(\d{3})$/
const nameForm = /^ *(?:\[!?([a-z0-9/_+-]+)\]|([a-z][a-z0-9/_+-]*))(?:\[[^[\]]*\])*$/i

/**
 * Reads a time from a text without blanks around it; undefined if it is none.
 * Fractions are cut to microseconds.
 */
export function readWrittenTime (text: string, surroundings: Surroundings): UtcTime | undefined {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  const bare = inner.replace(weekday, '').replace(tail, '')
  const found = readDay(bare)
  if (found === undefined) return undefined

  const { day } = found
  if (found.rest === '') return day.year === undefined ? undefined : timeOf(day, midnight, '', surroundings)
  const withClock = readClock(found.rest.replace(separator, ''))
  if (withClock === undefined) return undefined

  let { clock, rest } = withClock
  const [, zoneBefore = '', year] = day.year === undefined ? yearBehind.exec(rest) ?? [] : []
  if (year !== undefined) {
    day.year = year
    rest = zoneBefore
  }
  return timeOf(day, clock, rest, surroundings)
}

const midnight: Clock = { hour: 0, minute: 0, second: 0, fraction: '' }

function readDay (text: string): { day: Day, rest: string } | undefined {
  for (const [form, read] of /^\d/.test(text) ? numericForms : [namedForm]) {
    const match = form.exec(text)
    const day = match ? read(match.slice(1), text) : undefined
    if (match && day && day.month >= 1 && day.month <= 12) return { day, rest: text.slice(match[0].length) }
  }
  return undefined
}

/** Number of a month, from 1, by its name, short or full; 0 for any other word. */
function monthOf (name: string): number {
  return months.indexOf(name.slice(0, 3).toLowerCase()) + 1
}

function readAmbiguousDay ([first = '', , second = '', year]: string[], text: string): Day | undefined {
  if (Number(first) > 12) return { year, month: Number(second), day: first }
  const isAmerican = Number(second) > 12 || first === second || /\d ?[ap]\.?m\b/i.test(text)
  return isAmerican ? { year, month: Number(first), day: second } : undefined
}

function readClock (text: string): { clock: Clock, rest: string } | undefined {
  const match = clockForm.exec(text)
  if (!match) return undefined
  const [whole, hours = '', colon, minute, second = '0', fraction = '', half] = match
  if (colon === '' && hours.length === 1) return undefined
  const hour = hourOf(Number(hours), half)
  const clock = { hour, minute: Number(minute), second: Number(second), fraction }
  const isMidnight = hour === 24 && clock.minute === 0 && clock.second === 0 && Number(fraction) === 0
  if ((hour > 23 && !isMidnight) || clock.minute > 59 || clock.second > 60) return undefined
  return { clock, rest: text.slice(whole.length) }
}

/** Hour on a 24-hour clock, not yet checked; `half` is the letter of AM or PM. */
function hourOf (hour: number, half: string | undefined): number {
  if (half === undefined || hour > 12 || hour === 0) return hour
  return hour % 12 + (half.toLowerCase() === 'p' ? 12 : 0)
}

function timeOf (day: Day, clock: Clock, zone: string, { arrivedAt, isLocal }: Surroundings): UtcTime | undefined {
  const toUtc = readZone(zone, isLocal)
  if (toUtc === undefined) return undefined
  const at = (year: number) => Number(day.day) >= 1 && Number(day.day) <= daysIn(year, day.month)
    ? toUtc(Date.UTC(year, day.month - 1, Number(day.day), clock.hour, clock.minute, clock.second))
    : undefined

  const instant = day.year === undefined ? latest(at, arrivedAt + dayMs) : at(Number(day.year))
  if (instant === undefined) return undefined
  return fromSeconds(Math.floor(instant / 1000), Number(clock.fraction.slice(0, 6).padEnd(6, '0')))
}

/** Years to go back for a date without a year: the last 29 February may be eight years ago, as in 2104. */
const leapYears = 8

function latest (at: (year: number) => number | undefined, limit: number): number | undefined {
  const last = new Date(limit + dayMs).getUTCFullYear()
  for (let year = last; year >= last - leapYears; year--) {
    const instant = at(year)
    if (instant !== undefined && instant <= limit) return instant
  }
  return undefined
}

/**
 * A function from local time to an instant; undefined if the text is not a zone.
 * Local time is in milliseconds since 1970, as if it were UTC.
 */
function readZone (text: string, isLocal: boolean): ((local: number) => number | undefined) | undefined {
  if (text === '') return isLocal ? instantHere : (local) => local
  const [, sign, hours, minutes = '0'] = offsetForm.exec(text) ?? []
  const [, signOfMinutes, allMinutes] = minutesForm.exec(text) ?? []
  if (allMinutes !== undefined) return (local) => local - (signOfMinutes === '-' ? -1 : 1) * Number(allMinutes) * 60_000
  if (sign !== undefined) {
    if (Number(hours) > 23 || Number(minutes) > 59) return undefined
    return (local) => local - (sign === '+' ? 1 : -1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  }
  const [, bracketed, name = bracketed] = nameForm.exec(text) ?? []
  if (name === undefined) return undefined
  return (local) => {
    const offset = zoneOffset(name, local)
    return offset === undefined ? undefined : local - offset * 60_000
  }
}

function instantHere (local: number): number {
  const utc = new Date(local)
  const [year, month, day] = [utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate()]
  return new Date(year, month, day, utc.getUTCHours(), utc.getUTCMinutes(), utc.getUTCSeconds()).getTime()
}
