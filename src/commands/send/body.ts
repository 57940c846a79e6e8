// Writes logs as a text body of POST /api/logs. JSON and most lines go as they are. A log of several lines, and a line
// that could be taken for JSON, is written as JSON, with the parts that the server recognizes in lines of text.
import type { GivenParts } from '../../decode/json/logs.ts'
import { noProcess } from '../../decode/record/fields.ts'
import { decodeTextLine } from '../../decode/text-line.ts'
import { utcTime, type UtcTime } from '../../model/instant.ts'

/** What a body depends on beside its logs: a retry must send the same bytes. */
export interface BodyOptions {
  given: GivenParts
  /** Milliseconds since 1970; completes times without a year. */
  at: number
}

/** The body of a request. */
export function bodyOf (logs: readonly Buffer[], { given, at }: BodyOptions): Buffer {
  const arrival = utcTime(at)
  const newline = Buffer.from('\n')
  return Buffer.concat(logs.flatMap((log) => [isSafe(log) ? log : encode(log, given, arrival), newline]))
}

/** Whether the server reads the bytes as one log, or as JSON. */
function isSafe (log: Buffer): boolean {
  const start = log.toString('latin1', 0, 64).trimStart()
  if (/^[{[]/.test(start)) return isJson(log)
  return !/^(?:[\]},]|\xef|$)/.test(start) && !log.includes(0x0a)
}

function isJson (log: Buffer): boolean {
  try {
    JSON.parse(log.toString())
    return true
  } catch {
    return false
  }
}

function encode (log: Buffer, given: GivenParts, arrival: UtcTime): Buffer {
  const { eventAt, severity, message, pid, processName, description, attributes } = decodeTextLine(log, given, arrival)
  return Buffer.from(JSON.stringify({
    ...attributes,
    message,
    time: eventAt === arrival ? undefined : `${eventAt.replace(' ', 'T')}Z`,
    level: severity,
    process: processName === noProcess ? undefined : processName,
    pid: pid === 0 ? undefined : pid,
    description: description === '' ? undefined : description
  }))
}
