// Records of Python's logging.handlers.HTTPHandler: the fields of a LogRecord as text by str(), form-encoded.
//
//   msg          message, unformatted: its arguments are kept in args
//   created      time, seconds since 1970
//   levelno      severity; levelname is kept if it is not a usual name
//   processName  process, and name description: as in the contract's Python client
//   process      pid
//
// Other fields are attributes; those that Python always fills with a number are numbers. args, exc_info, exc_text,
// stack_info and taskName are left out if they are empty: `()` or `None`.
import { BadRequest } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { stepBytes, stepSize } from './steps.ts'
import type { Fields } from './record/fields.ts'
import { maxLogValues } from './limits.ts'
import { recordOf, type Reading } from './record/index.ts'

/** A known name of a level precedes its number: programs may name levels freely. */
const reading: Reading = {
  source: 'python',
  names: {
    message: ['msg'],
    time: ['created'],
    level: ['levelname', 'levelno'],
    process: ['processName'],
    pid: ['process'],
    description: ['name']
  },
  scale: 'python'
}

const [ampersand, equals, percent, plus, space] = [0x26, 0x3d, 0x25, 0x2b, 0x20] as const

const numbers = ['levelno', 'lineno', 'thread', 'msecs', 'relativeCreated']
/** Fields that every LogRecord has, by the text of an empty one. */
const optional: Record<string, string> = {
  args: '()', exc_info: 'None', exc_text: 'None', stack_info: 'None', taskName: 'None'
}

/** Decodes one form, in steps. Throws BadRequest if it is not a record. */
export function * decodePythonRecord (form: Buffer, arrival: UtcTime): Generator<undefined, LogRecord, void> {
  const fields = yield * readForm(form)
  if (!Object.hasOwn(fields, 'msg')) {
    throw new BadRequest('msg is missing: a record must be form-encoded, as HTTPHandler sends it')
  }
  return recordOf(fields, reading, arrival)
}

function * readForm (form: Buffer): Generator<undefined, Fields, void> {
  const fields: Fields = {}
  let count = 0
  for (let start = 0; start < form.length;) {
    const found = form.indexOf(ampersand, start)
    const end = found === -1 ? form.length : found
    const field = form.subarray(start, end)
    start = end + 1
    if (++count > maxLogValues) throw new BadRequest(`a record must have at most ${maxLogValues} fields`)
    if (count % stepSize === 0) yield
    if (field.length === 0) continue

    const middle = field.indexOf(equals)
    const name = yield * decodeFormText(middle === -1 ? field : field.subarray(0, middle))
    const value = middle === -1 ? '' : yield * decodeFormText(field.subarray(middle + 1))
    if (name === '__proto__') throw new BadRequest('body must not have __proto__ as a field')
    if (Object.hasOwn(optional, name) && optional[name] === value) continue
    fields[name] = numbers.includes(name) ? numberOf(value) : value
  }
  return fields
}

/** The number of a text; the text itself if it is none, or a whole number above 2^53, which a double cannot hold. */
function numberOf (text: string): number | string {
  const number = text === '' ? NaN : Number(text)
  return Number.isFinite(number) && (Number.isSafeInteger(number) || !Number.isInteger(number)) ? number : text
}

/**
 * Decodes a form-encoded name or value, in steps. A `%` that begins no escape stays.
 * Source: https://url.spec.whatwg.org/#urlencoded-parsing
 */
function * decodeFormText (encoded: Buffer): Generator<undefined, string, void> {
  const bytes = Buffer.allocUnsafe(encoded.length)
  let length = 0
  for (let at = 0, pauseAt = stepBytes; at < encoded.length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + stepBytes
      yield
    }
    const byte = encoded[at] ?? 0
    const escaped = byte === percent ? digitOf(encoded[at + 1]) * 16 + digitOf(encoded[at + 2]) : NaN
    if (Number.isNaN(escaped)) {
      bytes[length++] = byte === plus ? space : byte
    } else {
      bytes[length++] = escaped
      at += 2
    }
  }
  return bytes.toString('utf8', 0, length)
}

/** Value of a hexadecimal digit; NaN for another byte. */
function digitOf (byte: number | undefined): number {
  return byte === undefined ? NaN : digits[byte] ?? NaN
}

const digits = Array.from({ length: 256 }, (_, byte) => Number.parseInt(String.fromCharCode(byte), 16))
