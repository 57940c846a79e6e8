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

/**
 * Reads a time since 1970 as a number or a decimal text: seconds, milli-, micro- or nanoseconds, told
 * by its size, fractions included, cut to microseconds. Undefined as above.
 */
export function parseEpoch (value: number | string): UtcTime | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,19})(?:\.(\d*))?$/.exec(typeof value === 'number' ? plain(value) : value) ?? []
  if (sign === undefined) return undefined
  const unit = whole.length <= 11 ? 6 : whole.length <= 14 ? 3 : whole.length <= 17 ? 0 : -3
  const digits = unit < 0 ? whole.slice(0, unit) : whole + fraction.slice(0, unit).padEnd(unit, '0')
  return fromMicroseconds(BigInt(sign + digits))
}

/** Reads nanoseconds since 1970, cut to microseconds. Undefined as above. */
export function fromNanoseconds (nanoseconds: bigint): UtcTime | undefined {
  return fromMicroseconds(nanoseconds / 1000n)
}

/** Its shortest decimal text, without an exponent. */
function plain (value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  return Number.isInteger(value) ? BigInt(value).toString() : '0'
}

function fromMicroseconds (microseconds: bigint): UtcTime | undefined {
  const fraction = ((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n
  return formatTime(Number((microseconds - fraction) / 1000n), fraction.toString().padStart(6, '0'))
}

const earliest = Date.UTC(1000, 0, 1)
const latest = Date.UTC(9999, 11, 31, 23, 59, 59)

function formatTime (milliseconds: number, microseconds: string): UtcTime | undefined {
  if (!(milliseconds >= earliest && milliseconds <= latest)) return undefined
  const text = new Date(milliseconds).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${microseconds}`
}
