import type { UtcTime } from './instant.ts'

const iso = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?$/i

export const timeRule = 'an ISO 8601 date and time in the years 1000 to 9999'

/**
 * Parses an ISO 8601 date and time; returns undefined if the text is not one.
 *
 * `T` or a space between date and time; seconds and their fraction are optional, and cut to microseconds; then an
 * offset, `Z`, or neither, which is UTC. A leap second becomes the first second of the next minute. Times outside the
 * years 1000 to 9999 in UTC are undefined, because MySQL's DATETIME holds no others.
 */
export function parseTime (text: string): UtcTime | undefined {
  // Many senders send whole seconds, which the logs of a request share.
  if (text !== lastText) {
    lastTime = readTime(text)
    lastText = text
  }
  return lastTime
}

let lastText = ''
let lastTime: UtcTime | undefined

/** Reads the digits by their places: a match with its groups takes three times as long. */
function readTime (text: string): UtcTime | undefined {
  if (!iso.test(text)) return undefined
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2)
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)]
  const [hour, minute] = [twoDigits(text, 11), twoDigits(text, 14)]
  const hasSecond = text[16] === ':'
  const second = hasSecond ? twoDigits(text, 17) : 0
  if (year < 999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined

  const fractionAt = hasSecond ? 19 : 16
  let zoneAt = fractionAt
  while (zoneAt < text.length && !/[z+-]/i.test(text.charAt(zoneAt))) zoneAt++
  const offset = readOffset(text, zoneAt)
  if (offset === undefined) return undefined
  const microseconds = text.slice(fractionAt + 1, Math.min(zoneAt, fractionAt + 7)).padEnd(6, '0')
  if (offset === 0 && second !== 60 && year >= 1000) {
    return `${text.slice(0, 10)} ${text.slice(11, 16)}${hasSecond ? text.slice(16, 19) : ':00'}.${microseconds}`
  }
  const minutes = hour * 60 + minute - offset
  return formatTime(Date.UTC(year, month - 1, day) / 1000 + minutes * 60 + second, microseconds)
}

/** Minutes of `Z`, `+01`, `+0130`, `+01:30`, or of nothing; undefined if the hours or minutes are too many. */
function readOffset (text: string, at: number): number | undefined {
  if (text.length - at < 3) return 0
  const hours = twoDigits(text, at + 1)
  const minutes = text.length - at > 3 ? twoDigits(text, text.length - 2) : 0
  if (hours > 23 || minutes > 59) return undefined
  return (text[at] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

/** The number of the two digits at an index. */
function twoDigits (text: string, at: number): number {
  return 10 * (text.charCodeAt(at) - 0x30) + text.charCodeAt(at + 1) - 0x30
}

/** Number of days in a month; months count from 1. */
export function daysIn (year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/**
 * Parses a time since 1970 as a number or a decimal text, cut to microseconds. Undefined as above.
 *
 * The size tells the unit: seconds, milli-, micro- or nanoseconds, with or without a fraction.
 */
export function parseEpoch (value: number | string): UtcTime | undefined {
  if (value !== lastEpoch) {
    lastEpochTime = isMilliseconds(value)
      ? fromSeconds(Math.floor(value / 1000), value % 1000 * 1000)
      : readEpoch(typeof value === 'number' ? toDecimal(value) : value)
    lastEpoch = value
  }
  return lastEpochTime
}

let lastEpoch: number | string = ''
let lastEpochTime: UtcTime | undefined

/** Whole milliseconds, as most senders send them; their digits need not be examined. */
function isMilliseconds (value: number | string): value is number {
  return typeof value === 'number' && value >= 1e11 && value < 1e14 && Number.isInteger(value)
}

function readEpoch (text: string): UtcTime | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,19})(?:\.(\d*))?$/.exec(text) ?? []
  if (sign === undefined) return undefined
  /** Digits after those of the seconds. */
  const unitDigits = whole.length <= 11 ? 0 : whole.length <= 14 ? 3 : whole.length <= 17 ? 6 : 9
  const seconds = Number(whole.slice(0, whole.length - unitDigits))
  const microseconds = Number((whole.slice(whole.length - unitDigits) + fraction).slice(0, 6).padEnd(6, '0'))
  return sign === '' ? fromSeconds(seconds, microseconds) : fromSeconds(-seconds, -microseconds)
}

/** Converts nanoseconds since 1970, cut to microseconds. Undefined as above. */
export function fromNanoseconds (nanoseconds: bigint): UtcTime | undefined {
  const seconds = Number(nanoseconds / 1_000_000_000n)
  const microseconds = Math.trunc(Number(nanoseconds % 1_000_000_000n) / 1000)
  return fromSeconds(seconds, microseconds)
}

/** Converts seconds since 1970 and microseconds, both negative before 1970. Undefined as above. */
export function fromSeconds (seconds: number, microseconds: number): UtcTime | undefined {
  return microseconds < 0
    ? formatTime(seconds - 1, String(microseconds + 1_000_000).padStart(6, '0'))
    : formatTime(seconds, String(microseconds).padStart(6, '0'))
}

/** The shortest decimal text of a number, without an exponent. */
function toDecimal (value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  return Number.isInteger(value) ? BigInt(value).toString() : '0'
}

const earliest = Date.UTC(1000, 0, 1) / 1000
const latest = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000

/** Formats whole seconds since 1970, and six digits of their fraction. */
function formatTime (seconds: number, microseconds: string): UtcTime | undefined {
  if (!(seconds >= earliest && seconds <= latest)) return undefined
  // The logs of a request usually share their second.
  if (seconds !== lastSecond) {
    const text = new Date(1000 * seconds).toISOString()
    lastSecondText = `${text.slice(0, 10)} ${text.slice(11, 19)}`
    lastSecond = seconds
  }
  return `${lastSecondText}.${microseconds}`
}

let lastSecond: number | undefined
let lastSecondText = ''
