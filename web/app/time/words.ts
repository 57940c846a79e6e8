// A range of time in the user's language.
import { language, texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { serverNow } from './clock.ts'
import { instantOf, isRelative } from './instant.ts'
import { dayRange, type Range } from './range.ts'

const unitNames: Record<string, Intl.RelativeTimeFormatUnit> = {
  s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week'
}

/** `Last hour`, `Today`, `26 Nov, 11:00 – 12:00`. */
export function wordsOf ({ from, to }: Range): string {
  const { time } = texts.value
  const isOpen = to === '' || to === 'now'
  if (from === '') return isOpen ? time.all : time.until(wordsOfTime(to))
  if (isOpen && isRelative(from) && from !== 'now') return time.ranges[from] ?? time.last(lengthIn(from, 'unit'))
  const now = serverNow()
  const { isUtc } = view.value
  const isDay = (daysBefore: 0 | 1) => {
    const day = dayRange(daysBefore, now, isUtc)
    return instantOf(from, now) === instantOf(day.from, now) && instantOf(to, now) === instantOf(day.to, now)
  }
  if (isDay(0)) return time.today
  if (isDay(1)) return time.yesterday
  if (isOpen) return time.since(wordsOfTime(from))
  const start = instantOf(from, now)
  const end = instantOf(to, now)
  if (isRelative(from) || isRelative(to) || start === undefined || end === undefined) {
    return time.between(wordsOfTime(from), wordsOfTime(to))
  }
  return formatOf([start, end]).formatRange(start, end)
}

function wordsOfTime (time: string): string {
  const now = serverNow()
  const instant = instantOf(time, now)
  if (instant === undefined) return time
  if (isRelative(time)) return lengthIn(time, 'ago')
  return formatOf([instant]).format(instant)
}

/** `15 minutes`, or `15 minutes ago`. */
function lengthIn (time: string, form: 'unit' | 'ago'): string {
  const count = time === 'now' ? 0 : Number(time.slice(1, -1))
  const unit = unitNames[time.slice(-1)] ?? 'second'
  return form === 'ago'
    ? new Intl.RelativeTimeFormat(language.value, { numeric: time === 'now' ? 'auto' : 'always' })
      .format(-count, unit)
    : new Intl.NumberFormat(language.value, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}

/** As precise as the instants are: the year where it is another one, seconds where there are any. */
function formatOf (instants: readonly number[]): Intl.DateTimeFormat {
  const year = (instant: number) => new Date(instant).getFullYear()
  const isThisYear = instants.every((instant) => year(instant) === year(serverNow()))
  const hasSeconds = instants.some((instant) => instant % 60_000 !== 0)
  return new Intl.DateTimeFormat(language.value, {
    day: 'numeric',
    month: 'short',
    ...!isThisYear && { year: 'numeric' },
    hour: '2-digit',
    minute: '2-digit',
    ...hasSeconds && { second: '2-digit' },
    hourCycle: 'h23',
    ...view.value.isUtc && { timeZone: 'UTC' }
  })
}
