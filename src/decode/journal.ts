// Entries of systemd's journal in its export format, as systemd-journal-upload sends them. A field is a line; or, if
// its value is not plain text, a line with its name, a length of 64 bits (little endian) and the bytes. An empty line
// ends an entry.
//
//   MESSAGE=text\n
//   MESSAGE\n<8 bytes><bytes>\n
//   \n
//
//   MESSAGE                    message          PRIORITY              severity, 0 to 7
//   __REALTIME_TIMESTAMP       time, in µs      SYSLOG_IDENTIFIER, _COMM   process
//   _PID, SYSLOG_PID           pid              _SYSTEMD_UNIT         description
//
// Other fields are attributes: a repeated field is a list, bytes that are not UTF-8 are {"base64": "…"}.
// Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/
import { isUtf8 } from 'node:buffer'
import { BadRequest, TooLarge } from '../errors.ts'
import type { Rejected } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'
import { rawOf } from './unpack/charset.ts'
import { stepSize, type Step } from './steps.ts'
import type { Fields } from './record/fields.ts'
import { maxLogValues } from './limits.ts'
import { recordOf, type Reading } from './record/index.ts'

const reading: Reading = {
  source: 'journal',
  names: {
    message: ['MESSAGE'],
    time: ['__REALTIME_TIMESTAMP'],
    level: ['PRIORITY'],
    process: ['SYSLOG_IDENTIFIER', '_COMM'],
    pid: ['_PID', 'SYSLOG_PID'],
    description: ['_SYSTEMD_UNIT']
  },
  scale: 'syslog'
}

const newline = 10
const equals = 61
const lengthBytes = 8
const maxFieldName = 64

/** Cuts a journal into entries. */
export class JournalCutter {
  readonly #maxBytes: number
  /** The bytes from `#from` to `#to` are not cut yet. It doubles when full: chunks may have one byte each. */
  #buffer: Buffer = Buffer.alloc(0)
  #from = 0
  #to = 0
  /** Start of the present field, and the index up to which it has no line break. */
  #field = 0
  #seen = 0

  /** `maxBytes` is the limit of an entry. */
  constructor (maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Yields the entries that end in these bytes. Throws TooLarge. */
  * push (chunk: Buffer): Generator<Buffer, void, void> {
    const bytes = this.#append(chunk)
    let start = 0
    for (;;) {
      const end = bytes.indexOf(newline, Math.max(this.#field, this.#seen))
      if (end === -1) {
        this.#seen = bytes.length
        break
      }
      const next = endOfField(bytes, this.#field, end)
      if (next > this.#maxBytes + start) throw tooLarge(this.#maxBytes)
      if (next > bytes.length) {
        this.#seen = end
        break
      }
      if (end === this.#field) {
        if (end > start) yield bytes.subarray(start, end)
        start = next
      }
      this.#field = next
    }
    this.#from += start
    this.#field -= start
    this.#seen -= start
    if (this.#to - this.#from > this.#maxBytes) throw tooLarge(this.#maxBytes)
  }

  /** Yields the last entry, if no empty line followed it. */
  * end (): Generator<Buffer, void, void> {
    if (this.#to > this.#from) yield this.#buffer.subarray(this.#from, this.#to)
  }

  #append (chunk: Buffer): Buffer {
    if (this.#to + chunk.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#to - this.#from + chunk.length))
      this.#to = this.#buffer.copy(larger, 0, this.#from, this.#to)
      this.#from = 0
      this.#buffer = larger
    }
    this.#to += chunk.copy(this.#buffer, this.#to)
    return this.#buffer.subarray(this.#from, this.#to)
  }
}

function tooLarge (maxBytes: number): Error {
  return new TooLarge(`one entry must have ${maxBytes} bytes at most`)
}

/** Start of the next field, after the one whose first line is from `start` to `end`. */
function endOfField (bytes: Buffer, start: number, end: number): number {
  if (end === start || bytes.subarray(start, end).includes(equals)) return end + 1
  const value = end + 1 + lengthBytes
  return value > bytes.length ? value : value + Number(bytes.readBigUInt64LE(end + 1)) + 1
}

/** Decodes one entry, the one of this index. An invalid entry is rejected. */
export function * decodeJournalEntry (entry: Buffer, index: number, arrival: UtcTime): Generator<Step, void, void> {
  let fields: Fields
  try {
    fields = yield * readFields(entry)
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return yield reject(index, error.message, entry)
  }
  yield recordOf(fields, reading, arrival)
}

function * readFields (entry: Buffer): Generator<undefined, Fields, void> {
  const fields = new Map<string, unknown[]>()
  let count = 0
  for (let start = 0; start < entry.length;) {
    if (++count > maxLogValues) throw new BadRequest(`an entry must have at most ${maxLogValues} fields`)
    if (count % stepSize === 0) yield
    const found = entry.indexOf(newline, start)
    const end = found === -1 ? entry.length : found
    const next = endOfField(entry, start, end)
    const line = entry.subarray(start, end)
    const middle = line.indexOf(equals)
    const isText = middle !== -1
    const name = line.toString('latin1', 0, Math.min(isText ? middle : line.length, maxFieldName + 1))
    if (!/^[A-Z_][A-Z0-9_]{0,63}$/.test(name)) {
      throw new BadRequest('the name of a field must be 1 to 64 letters of A to Z, digits and underscores')
    }
    if (!isText && next > entry.length + 1) throw new BadRequest('a field is shorter than it says')
    const value = valueOf(isText ? line.subarray(middle + 1) : entry.subarray(end + 1 + lengthBytes, next - 1))
    const values = fields.get(name)
    if (values) values.push(value)
    else fields.set(name, [value])
    start = next
  }
  return Object.fromEntries(Array.from(fields, ([name, values]) => [name, values.length === 1 ? values[0] : values]))
}

function valueOf (bytes: Buffer): unknown {
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }
}

function reject (index: number, reason: string, entry: Buffer): Rejected {
  return { source: 'journal', index, reason, raw: rawOf(entry) }
}
