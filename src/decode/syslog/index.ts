// Each syslog message becomes one log; none is refused:
//
//   <165>1 2026-11-23T05:36:02.526Z web1 shop 4711 ID47 [order@32473 id="A-1042"] text    RFC 5424
//   <134>Nov 23 05:36:02 web1 shop[4711]: text                                            RFC 3164, see header.ts
//   anything else: all of it is the text; without a priority it is user.notice
//
// | of the message           | of the log |
// | ------------------------ | ---------- |
// | severity                 | level; emerg, alert and notice, which share a level, also attribute `severity` |
// | time                     | event time; if missing or not plausible, the arrival, and attribute `timestamp` |
// | host                     | description and attribute `host`; without one, the sender's address is the description |
// | app-name, tag            | process |
// | procid                   | pid if it is a number, else attribute `procid` |
// | text in parentheses after the pid, Cisco's counters | attributes `context`, `sequence` |
// | facility, msgid          | attributes of these names |
// | structured data          | attribute `structured_data`: an object of parameters by SD-ID |
// | text                     | message, without a byte order mark and the line end |
//
// A text that is a JSON object is read as the fields of a log (json-text.ts): its message, level, process and pid take
// precedence over the header's, its time counts if the header has none, all else becomes attributes.
//
// Broken structured data belongs to the text.
// Text that is not UTF-8 is read as Latin-1, in which every byte is a character.
//
// Source: RFC 5424, sections 6 and 8.
import { isUtf8 } from 'node:buffer'
import { utcTime, type UtcTime } from '../../model/instant.ts'
import type { LogRecord } from '../../model/record.ts'
import type { DecodedSyslog, SyslogMessage } from '../../model/syslog.ts'
import { runAtOnce } from '../steps.ts'
import { limitAttributes, noProcess } from '../record/fields.ts'
import type { Parts } from '../record/index.ts'
import { readJsonText, tokenField, withJson } from '../record/json-text.ts'
import { severityOfSyslogNumber } from '../severity/index.ts'
import { readStructuredData, type StructuredData } from './structured-data.ts'
import { readOldHeader, type Header } from './header.ts'
import { readSyslogTime } from './time.ts'

/** Names of the facilities, by their numbers. */
export const facilities = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit',
  'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'
]
/** Names of the severities that share a level with another one. */
const severityNames: Record<number, string> = { 0: 'emerg', 1: 'alert', 5: 'notice' }
const defaultPriority = 13

const priorityField = /^<(0|[1-9]\d?|1[0-8]\d|19[01])>/
/** Characters that are searched for the header. */
const maxHeader = 64 * 1024
/** The header of RFC 5424; some senders leave the app-name, procid or msgid empty. */
const newHeader = /^1 (\S+) (\S*) (\S*) (\S*) (\S*)(?: |$)/
/** The byte order mark, or its letters, which syslog-pro and others write. */
const byteOrderMark = /^(?:\ufeff|BOM(?=[^\sA-Z]|[A-Z][^A-Z]))/

/** SD-ID of the element with the owner's token, its parameter `token`; the number after `@` does not matter. */
const ownElement = /^loggerbot(@\d+)?$/

/** Decodes one message. Throws BadRequest if its structured data has more than a log may hold. */
export function decodeSyslog (message: SyslogMessage): DecodedSyslog {
  return runAtOnce(decodeSyslogSteps(message))
}

/** As `decodeSyslog`, in steps, for a large message. */
export function * decodeSyslogSteps (message: SyslogMessage): Generator<undefined, DecodedSyslog, void> {
  const { bytes, arrivedAt, address } = message
  const whole = withoutLineEnd(isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1'))
  const [field = '', digits] = priorityField.exec(whole) ?? []
  const priority = Number(digits ?? defaultPriority)
  const rest = whole.slice(field.length)
  const header = (digits !== undefined && (yield * readNewHeader(rest))) || readOldHeader(rest)
  const arrival = utcTime(arrivedAt)

  const token = header.data && takeToken(header.data)
  const parts = partsOfHeader(header, priority, arrivedAt)
  const json = yield * readJsonText(header.text)
  if (!json) return { token, record: recordOfParts(parts, header, { arrival, address }) }
  const { [tokenField]: shown, ...others } = json
  const fields = shown === undefined ? json : others
  const merged = withJson(parts, fields, { source: 'syslog', outer: 'header' }, arrival)
  const record = recordOfParts(merged, header, { arrival, address })
  record.attributes = record.attributes && limitAttributes(record.attributes)
  return { token: token ?? (typeof shown === 'string' ? shown : undefined), record }
}

function partsOfHeader (header: Header, priority: number, arrivedAt: number): Parts {
  const { time, host, app, procid, msgid, data, context, sequence, text } = header
  const eventAt = time === undefined ? undefined : readSyslogTime(time, arrivedAt)
  const pid = /^(0|[1-9]\d{0,14})$/.test(procid ?? '') ? Number(procid) : undefined
  const severityName = severityNames[priority % 8]
  return {
    eventAt,
    severity: severityOfSyslogNumber(priority % 8),
    message: text.replace(/^\ufeff/, ''),
    // A pid of 0 means none.
    pid: pid || undefined,
    processName: app,
    description: host,
    attributes: {
      facility: facilities[Math.floor(priority / 8)],
      ...severityName !== undefined && { severity: severityName },
      ...host !== undefined && { host },
      ...procid !== undefined && pid === undefined && { procid },
      ...msgid !== undefined && { msgid },
      ...context !== undefined && { context },
      ...sequence !== undefined && { sequence },
      ...time !== undefined && eventAt === undefined && { timestamp: time },
      ...data && Object.keys(data).length > 0 && { structured_data: data }
    }
  }
}

interface Receipt {
  arrival: UtcTime
  address: string
}

function recordOfParts (parts: Parts, { host }: Header, { arrival, address }: Receipt): LogRecord {
  return {
    eventAt: parts.eventAt ?? arrival,
    postTime: arrival,
    severity: parts.severity ?? 'info',
    message: parts.message ?? '',
    pid: parts.pid ?? 0,
    processName: parts.processName ?? (host === undefined ? parts.description : undefined) ?? noProcess,
    description: parts.description ?? address,
    attributes: parts.attributes
  }
}

/** The text without the line end or NUL after it. */
function withoutLineEnd (text: string): string {
  if (text.endsWith('\n')) return text.slice(0, text.endsWith('\r\n') ? -2 : -1)
  return text.endsWith('\0') ? text.slice(0, -1) : text
}

function * readNewHeader (rest: string): Generator<undefined, Header | undefined, void> {
  const match = newHeader.exec(rest.slice(0, maxHeader))
  if (!match) return undefined
  const [time, host, app, procid, msgid] =
    match.slice(1).map((value) => value === '-' || value === '' ? undefined : value)
  const start = match[0].length
  const hasNone = rest[start] === '-' && /^ |^$/.test(rest.slice(start + 1, start + 2))
  const structured = hasNone ? { data: undefined, end: start + 1 } : yield * readStructuredData(rest, start)
  const textStart = structured === undefined ? start : structured.end + (rest[structured.end] === ' ' ? 1 : 0)
  const text = rest.slice(textStart).replace(byteOrderMark, '')
  return { time, host, app, procid, msgid, data: structured?.data, text }
}

/** Removes all tokens from the data, and elements left empty; returns the first token. */
function takeToken (data: StructuredData): string | undefined {
  let first: string | undefined
  for (const [id, parameters] of Object.entries(data)) {
    const token = ownElement.test(id) && Object.hasOwn(parameters, 'token') ? parameters.token : undefined
    if (token === undefined) continue
    first ??= typeof token === 'string' ? token : token[0]
    delete parameters.token
    if (Object.keys(parameters).length === 0) delete data[id]
  }
  return first
}
