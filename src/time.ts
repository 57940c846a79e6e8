import type { UtcTime } from './record.ts'

const iso = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?$/i

export const timeRule = 'an ISO 8601 date and time in the years 1000 to 9999'

/**
 * Reads an ISO 8601 date and time: `T` or a space between the two, seconds and their
 * fraction optional (cut to microseconds), then an offset, `Z`, or neither, which is UTC.
 * Undefined when it is not one, or outside the years 1000 to 9999 in UTC, which is all
 * that MySQL's DATETIME holds. A leap second is the first of the next minute.
 */
export function parseTime (text: string): UtcTime | undefined {
  // Of many senders whole seconds are all there is, and a request's logs share them.
  if (text !== lastText) {
    lastTime = readTime(text)
    lastText = text
  }
  return lastTime
}

let lastText = ''
let lastTime: UtcTime | undefined

function readTime (text: string): UtcTime | undefined {
  const match = iso.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second = '00', fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match
  if (year! < '0999' || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined

  const microseconds = fraction.slice(0, 6).padEnd(6, '0')
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute))
  if (offset === 0 && second !== '60' && year! >= '1000') return `${year}-${month}-${day} ${hour}:${minute}:${second}.${microseconds}`
  const instant = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute) - offset, Number(second))
  return formatTime(instant, microseconds)
}

function daysIn (year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

const earliest = Date.UTC(1000, 0, 1)
const latest = Date.UTC(9999, 11, 31, 23, 59, 59)

function formatTime (milliseconds: number, microseconds: string): UtcTime | undefined {
  if (!(milliseconds >= earliest && milliseconds <= latest)) return undefined
  const text = new Date(milliseconds).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${microseconds}`
}
