// The time of a log, in the forms that senders use. POST /send_logs has a stricter form of its own.
//
//   text      ISO 8601, the forms of written.ts, or digits, read as a number
//   number    since 1970 in s, ms, µs or ns, told apart by size; 8, 12, 14, 17 and 20 digits may also be
//             YYYYMMDDhhmmss with fractions
//   list      [seconds, nanoseconds] of OpenTelemetry's JavaScript; [2026, 11, 20, 9, 15, 0, 5] of Jackson
//   object    { seconds, nanos }, log4j2's { epochSecond, nanoOfSecond }, MongoDB's { $date },
//             loguru's { repr, timestamp }
//
// A time before 2000, or more than a day after the arrival of its log, is not plausible and not used.
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import { fromSeconds, parseEpoch, parseTime } from '../../model/time.ts'
import { readWrittenTime } from './written.ts'

/** Characters; a longer text is not a time. */
const maxTimeLength = 80

const dayMs = 86_400_000
const earliest = '2000'

/**
 * Reads a time from a value; undefined if it is none, or not plausible.
 * The caller then uses the arrival, and keeps the value.
 */
export function timeOf (value: unknown, arrival: UtcTime): UtcTime | undefined {
  if (typeof value === 'number') return timeOfNumber(value, arrival)
  if (typeof value === 'string') return timeOfText(value, arrival)
  if (typeof value !== 'object' || value === null) return undefined
  return timeOfObject(value as Record<string, unknown>, arrival)
}

/** The time itself if it is plausible, from 2000 to a day after the arrival; else undefined. */
export function believableTime (time: UtcTime | undefined, arrival: UtcTime): UtcTime | undefined {
  return time === undefined ? undefined : believableAt(time, instantOf(arrival))
}

/** As `believableTime`, with the arrival in milliseconds since 1970. */
export function believableAt (time: UtcTime, arrivedAt: number): UtcTime | undefined {
  const second = Math.floor(arrivedAt / 1000)
  if (second !== lastSecond) {
    latest = utcTime(second * 1000 + 999 + dayMs)
    lastSecond = second
  }
  return time >= earliest && time <= latest ? time : undefined
}

let lastSecond = NaN
let latest: UtcTime = ''

/** Milliseconds since 1970; cached, because all logs of a request have one arrival. */
function instantOf (arrival: UtcTime): number {
  if (arrival !== lastArrival) {
    lastInstant = millisecondsOf(arrival)
    lastArrival = arrival
  }
  return lastInstant
}

let lastArrival: UtcTime = ''
let lastInstant = NaN

/** Numbers of digits that a date with a time can have, from YYYYMMDD on. */
const dateLengths = new Set([8, 12, 14, 17, 20])

function timeOfNumber (value: number, arrival: UtcTime): UtcTime | undefined {
  // Most senders use milliseconds. Milliseconds of 2001 and before may also be the digits of a date.
  if (value >= 1e12 && value <= instantOf(arrival)) return parseEpoch(value)
  // No date has ten digits: these are seconds.
  if (value >= 1e9 && value < 1e10) return believableTime(parseEpoch(value), arrival)
  if (!Number.isInteger(value)) return believableTime(parseEpoch(value), arrival)
  return timeOfDigits(BigInt(value).toString(), arrival)
}

const digits = /^(\d{1,20})(?:[.,](\d+))?(e\+?\d{1,2})?$/i
/** Dates in the JSON of older .NET: `/Date(1700000000000+0100)/`. */
const dotnetDate = /^\\?\/Date\((\d{1,16})(?:[+-]\d{4})?\)\\?\/$/

function timeOfText (text: string, arrival: UtcTime): UtcTime | undefined {
  if (text.length > maxTimeLength) return undefined
  // The arrival is part of the key: it decides the year of a text that has none.
  if (text !== lastText || arrival !== lastTextArrival) {
    lastTime = readText(text, arrival)
    lastText = text
    lastTextArrival = arrival
  }
  return lastTime
}

/** Logs of one request often share their time. */
let lastText = ''
let lastTextArrival: UtcTime = ''
let lastTime: UtcTime | undefined

function readText (text: string, arrival: UtcTime): UtcTime | undefined {
  if (isSinceEpochInNanoseconds(text)) {
    return believableTime(fromSeconds(Number(text.slice(0, 10)), Number(text.slice(10, 16))), arrival)
  }
  const time = text.charAt(4) === '-' ? parseTime(text) : undefined
  if (time !== undefined) return believableTime(time, arrival)

  const bare = text.trim()
  const [, whole, fraction, exponent] = digits.exec(bare) ?? []
  if (exponent !== undefined) return timeOf(Number(bare.replace(',', '.')), arrival)
  if (whole !== undefined) return timeOfDigits(fraction === undefined ? whole : `${whole}.${fraction}`, arrival)
  const [, milliseconds] = dotnetDate.exec(bare) ?? []
  return milliseconds === undefined ? timeWritten(bare, arrival) : believableTime(parseEpoch(milliseconds), arrival)
}

/** Whether a text is nanoseconds since 1970, of 2001 and after: most senders of digits use these. */
function isSinceEpochInNanoseconds (text: string): boolean {
  return text.length === 19 && /^\d{19}$/.test(text)
}

function timeOfDigits (text: string, arrival: UtcTime): UtcTime | undefined {
  const length = text.indexOf('.') === -1 ? text.length : text.indexOf('.')
  const date = dateLengths.has(length)
    ? timeWritten(length > 14 ? `${text.slice(0, 14)}.${text.slice(14)}` : text, arrival)
    : undefined
  return date ?? believableTime(parseEpoch(text), arrival)
}

function timeWritten (text: string, arrival: UtcTime): UtcTime | undefined {
  return believableTime(readWrittenTime(text, { arrivedAt: instantOf(arrival), isLocal: false }), arrival)
}

function timeOfObject (value: Record<string, unknown>, arrival: UtcTime): UtcTime | undefined {
  if (Array.isArray(value)) return timeOfList(value, arrival)
  const inner = value.$date ?? value.$numberLong ?? (value.repr === undefined ? undefined : value.timestamp)
  if (inner !== undefined) return timeOf(inner, arrival)
  const parts = partsOf(value)
  return parts && believableTime(fromSeconds(parts.seconds, Math.trunc(parts.nanoseconds / 1000)), arrival)
}

function timeOfList (list: readonly unknown[], arrival: UtcTime): UtcTime | undefined {
  const parts = partsOf(list)
  if (parts) return believableTime(fromSeconds(parts.seconds, Math.trunc(parts.nanoseconds / 1000)), arrival)
  if (list.length < 5 || list.length > 7 || !list.every((part) => Number.isInteger(part))) return undefined
  const [year, month, day, hour, minute, second = '00', nanoseconds = '0'] =
    list.map((part) => String(part).padStart(2, '0'))
  return timeWritten(`${year}-${month}-${day} ${hour}:${minute}:${second}.${nanoseconds.padStart(9, '0')}`, arrival)
}

/** A time in two numbers: seconds since 1970, and nanoseconds within the second. */
interface EpochParts {
  seconds: number
  nanoseconds: number
}

function partsOf (value: Record<string, unknown> | readonly unknown[]): EpochParts | undefined {
  const [seconds, nanoseconds] = isList(value)
    ? value.length === 2 ? value : []
    : [
        value.seconds ?? value.epochSecond ?? value._seconds ?? value.sec,
        value.nanos ?? value.nanoOfSecond ?? value.nanoseconds ?? value._nanoseconds ?? value.nsec ?? 0
      ]
  const isSeconds = Number.isInteger(seconds) || (typeof seconds === 'string' && /^\d{1,11}$/.test(seconds))
  return isSeconds && isNanoseconds(nanoseconds) ? { seconds: Number(seconds), nanoseconds } : undefined
}

function isList (value: object): value is readonly unknown[] {
  return Array.isArray(value)
}

function isNanoseconds (value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1e9
}

/**
 * Nanoseconds of a time beyond its microseconds, 0 to 999; they order the logs of one microsecond.
 * `value` is in a form that `timeOf` reads, or a bigint of nanoseconds since 1970.
 */
export function subMicroseconds (value: unknown): number {
  if (typeof value === 'string') return value.length > maxTimeLength ? 0 : subMicrosecondsOfLast(value)
  if (typeof value === 'bigint') return Number(value % 1000n)
  if (typeof value !== 'object' || value === null) return 0
  return (partsOf(value as Record<string, unknown>)?.nanoseconds ?? 0) % 1000
}

/** As `subMicroseconds`, for a text; cached for logs in a row with the same text. */
function subMicrosecondsOfLast (text: string): number {
  if (text !== lastTextWithMore) {
    lastSubMicroseconds = subMicrosecondsOfText(text)
    lastTextWithMore = text
  }
  return lastSubMicroseconds
}

let lastTextWithMore = ''
let lastSubMicroseconds = 0

function subMicrosecondsOfText (text: string): number {
  if (text.length < 18) return 0
  if (isSinceEpochInNanoseconds(text)) return Number(text.slice(16))
  const [, nanoseconds = /^\s*\d{15,16}(\d{3})\s*$/.exec(text)?.[1] ?? '0'] = /[.,]\d{6}(\d{1,3})/.exec(text) ?? []
  return Number(nanoseconds.padEnd(3, '0'))
}
