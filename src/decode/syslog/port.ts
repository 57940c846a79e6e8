// Messages at the syslog port; the first bytes tell their kind:
//
//   <13>… and any other text      syslog, see index.ts
//   {                             GELF if it has a short_message or full_message, else JSON as for Logstash
//   1f 8b, 78 (01, 5e, 9c, da)    either of these, compressed by gzip or zlib
//   1e 0f                         a chunk of GELF, see gelf/chunks.ts
//   any other bytes               not readable, such as MessagePack
//
// A log in JSON carries its owner's token in the field `_loggerbot_token`, which is removed.
import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { BadRequest, TooLarge } from '../../errors.ts'
import { utcTime, type UtcTime } from '../../model/instant.ts'
import type { LogRecord } from '../../model/record.ts'
import type { DecodedSyslog, SyslogMessage } from '../../model/syslog.ts'
import { requireField, type Fields } from '../record/fields.ts'
import { bounded } from '../limits.ts'
import { decodeGelfObjects, gelfOwnNames, recordOfGelf } from '../gelf/index.ts'
import { jsonReading } from '../json/logs.ts'
import { tokenField } from '../record/json-text.ts'
import { usualFields } from '../record/loggers.ts'
import { recordOf } from '../record/index.ts'
import { decodeSyslogSteps } from './index.ts'

export type Kind = 'text' | 'json' | 'packed' | 'chunk' | 'binary'

const unpackers = { gzip: promisify(gunzip), zlib: promisify(inflate) }

const [angle, openBrace] = Buffer.from('<{')
const own = { has: (name: string) => name === tokenField || gelfOwnNames.has(name) }

export function kindOf (bytes: Buffer): Kind {
  const first = bytes[0]
  if (first === angle) return 'text'
  if (first === openBrace) return 'json'
  if (first === 0x1e && bytes[1] === 0x0f) return 'chunk'
  if (packingOf(bytes)) return 'packed'
  if (isBinary(bytes)) return 'binary'
  return bytes[firstOfText(bytes)] === openBrace ? 'json' : 'text'
}

/** Whether a message can be decoded as it is, without unpacking or joining chunks. */
export function isReadable (bytes: Buffer): boolean {
  const kind = kindOf(bytes)
  return kind === 'text' || kind === 'json'
}

function packingOf (bytes: Buffer): 'gzip' | 'zlib' | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  // A text may begin with `x^`.
  return bytes[0] === 0x78 && bytes.length > 1 && bytes.readUInt16BE() % 31 === 0 && !isUtf8(bytes) ? 'zlib' : undefined
}

/** Bytes that are searched for control characters. */
const maxSearchedBytes = 4096

/**
 * Whether bytes are not text.
 * They have control characters that no text has, or are not UTF-8 and begin as MessagePack does.
 */
function isBinary (bytes: Buffer): boolean {
  const end = Math.min(bytes.length, maxSearchedBytes)
  for (let at = 0; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x20 || (byte >= 0x07 && byte <= 0x0d) || byte === 0x1b) continue
    if (byte !== 0 || at !== bytes.length - 1) return true
  }
  const first = bytes[0] ?? 0
  return first >= 0x80 && first <= 0x9f && !isUtf8(bytes)
}

function firstOfText (bytes: Buffer): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (isBlank(bytes[at])) at++
  return at
}

function isBlank (byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}

const packingRule = 'a message must be packed by gzip or zlib, or not at all'

/**
 * Unpacks a message that gzip or zlib packed.
 * Rejects with TooLarge for more than `limit` bytes unpacked, and with BadRequest if it cannot be unpacked.
 */
export async function unpackMessage (bytes: Buffer, limit: number): Promise<Buffer> {
  const packing = packingOf(bytes)
  if (packing === undefined) throw new BadRequest(packingRule)
  try {
    return await unpackers[packing](bytes, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof RangeError) throw new TooLarge(`a message must have ${limit} bytes at most, unpacked`)
    throw new BadRequest(packingRule)
  }
}

/**
 * The logs of a message, in steps.
 * Throws BadRequest if it is neither text nor JSON, or cannot be stored; TooLarge if it has too many logs.
 */
export function * decodeMessageSteps (message: SyslogMessage): Generator<undefined, DecodedSyslog[], void> {
  const kind = kindOf(message.bytes)
  if (kind === 'text') return [yield * decodeSyslogSteps(message)]
  if (kind !== 'json') throw new BadRequest('it is neither text nor GELF')
  const logs: DecodedSyslog[] = []
  const arrival = utcTime(message.arrivedAt)
  const read = (fields: Fields) => {
    const { [tokenField]: token, ...others } = fields
    const record = describe(readFields(token === undefined ? fields : others, arrival), message.address)
    logs.push({ record, token: typeof token === 'string' ? token : undefined })
    return record
  }
  for (const step of bounded(decodeGelfObjects(message.bytes, { own, read }))) {
    if (step === undefined) yield
    else if ('reason' in step) return [yield * asText(message, step.reason)]
  }
  return logs
}

/** Decodes broken JSON as text; refuses it if it may show a token, which must not be stored. */
function * asText (message: SyslogMessage, reason: string): Generator<undefined, DecodedSyslog, void> {
  if (message.bytes.includes(tokenField)) throw new BadRequest(reason)
  return yield * decodeSyslogSteps(message)
}

function readFields (fields: Fields, arrival: UtcTime): LogRecord {
  const isGelf = isText(fields.short_message) || isText(fields.full_message)
  return isGelf ? recordOfGelf(fields, arrival) : recordOf(usualFields(requireField(fields)), jsonReading, arrival)
}

/** Describes a log without a logger by its host, or the sender's address, as in syslog. */
function describe (record: LogRecord, address: string): LogRecord {
  if (record.description !== '') return record
  const host = record.attributes?.host
  return { ...record, description: isText(host) ? host : address }
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
