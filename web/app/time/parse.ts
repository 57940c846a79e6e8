// Times as people type them, in English and Russian: what the API takes, and `14:30`, `4:06 pm`, `yesterday 17:00`,
// `вчера в 17:00`, `mon 9:00`, `пн 9:00`, `26.11 14:30`.
import { calendarOf, instantIn, type Calendar } from './calendar.ts'
import { instantOf, isoOf, isRelative } from './instant.ts'

export interface Present {
  /** Milliseconds since 1970. */
  now: number
  /** Times without a zone are in UTC, not in the zone of the browser. */
  isUtc: boolean
}

type Day = readonly [year: number, month: number, day: number]
type Clock = readonly [hour: number, minute: number, second: number, ms: number]

/** A time as the API takes it, empty for no bound; undefined where the text is no time. */
export function parseTypedTime (text: string, present: Present): string | undefined {
  const typed = text.trim().toLowerCase().replaceAll(/\s+/g, ' ')
  const written = withUnit(typed === 'сейчас' ? 'now' : typed)
  if (written === '') return ''
  if (isRelative(written)) return instantOf(written, present.now) === undefined ? undefined : written
  const instant = readTyped(written, present) ?? instantOf(written.toUpperCase(), present.now)
  return instant === undefined ? undefined : isoOf(instant)
}

/** `15m`, `15 м` and `- 15 мин` as `-15m`. */
function withUnit (text: string): string {
  const units: Record<string, string> = { с: 's', м: 'm', ч: 'h', д: 'd', н: 'w' }
  const [, count, unit = ''] = /^-? ?(\d{1,9}) ?([smhdwсмчдн])(?:ин|ек)?$/.exec(text) ?? []
  return count === undefined ? text : `-${count}${units[unit] ?? unit}`
}

const clockAtEnd = /(?:^|t| (?:at |в )?)(\d{1,2})(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,3})\d*)?)?(?: ?(am|pm))?| ?(am|pm))$/

/** Milliseconds since 1970 of a day, a clock, or both. */
function readTyped (typed: string, { now, isUtc }: Present): number | undefined {
  const match = clockAtEnd.exec(typed)
  const clock = match ? readClock(match) : midnight
  if (!clock) return undefined
  const days = daysOf(match ? typed.slice(0, match.index) : typed, calendarOf(now, isUtc))
  const instants = days.map((day) => instantIn([...day, ...clock], isUtc))
  return instants.find((instant) => instant <= now) ?? instants[0]
}

const midnight: Clock = [0, 0, 0, 0]

function readClock (match: RegExpExecArray): Clock | undefined {
  const [, hour, minute = '0', second = '0', fraction = '', half, halfAlone] = match
  const suffix = half ?? halfAlone
  const written = Number(hour)
  if (suffix !== undefined && (written < 1 || written > 12)) return undefined
  const hours = suffix === undefined ? written : written % 12 + (suffix === 'pm' ? 12 : 0)
  if (hours > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  return [hours, Number(minute), Number(second), Number(fraction.padEnd(3, '0'))]
}

const daysBack: Record<string, number> = { today: 0, yesterday: 1, сегодня: 0, вчера: 1, позавчера: 2 }

/** Days that a text may mean, the latest first; no text is any day. Empty: not a day. */
function daysOf (text: string, [year, month, day]: Calendar): Day[] {
  const before = (days: number): Day => [year, month, day - days]
  if (text === '') return [before(0), before(1)]
  if (Object.hasOwn(daysBack, text)) return [before(daysBack[text] ?? 0)]
  const weekday = weekdays.get(text.replace(/\.$/, ''))
  if (weekday !== undefined) {
    const days = (new Date(Date.UTC(year, month, day)).getUTCDay() - weekday + 7) % 7
    return [before(days), before(days + 7)]
  }
  const [, writtenYear, isoMonth, isoDate] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (writtenYear !== undefined) return existing([[Number(writtenYear), Number(isoMonth) - 1, Number(isoDate)]])
  const [, date, number, ofYear] = /^(\d{1,2})\.(\d{1,2})(?:\.(\d{4}))?\.?$/.exec(text) ?? []
  if (date === undefined) return []
  const years = ofYear === undefined ? [year, year - 1] : [Number(ofYear)]
  return existing(years.map((each) => [each, Number(number) - 1, Number(date)]))
}

function existing (days: readonly Day[]): Day[] {
  return days.filter(([year, month, day]) => {
    const date = new Date(Date.UTC(year, month, day))
    return date.getUTCMonth() === month && date.getUTCDate() === day
  })
}

/** Names of weekdays in all languages of the page; Sunday is 0. */
const weekdays = new Map(['en', 'ru'].flatMap((language) => (['short', 'long'] as const).flatMap((weekday) => {
  const format = new Intl.DateTimeFormat(language, { weekday, timeZone: 'UTC' })
  // 1 November 1970 was a Sunday.
  return [0, 1, 2, 3, 4, 5, 6].map((day) => [format.format(Date.UTC(1970, 10, 1 + day)).toLowerCase(), day] as const)
})))
