// A line of text as a log. The message is the line as it stands; some of its parts are recognized at its start:
//
//   <165>1 2026-11-20T09:15:00Z web1 shop 7 - - text      syslog with a priority, as in syslog/index.ts
//   Nov 20 09:15:00 web1 shop[7]: text                    syslog in a file: time, host, process, pid
//   2026-11-20T09:15:00+01:00 web1 shop[7]: text          the same, as rsyslog and journalctl write it
//   2026-11-20 09:15:00,123 [main] ERROR com.shop - text  a time, and a level
//   2026-11-20T09:15:00.1Z stdout F text                  a container's log file: the text is read as a line
//
// The time stands at the start, after `time=` or `ts=`, or in brackets as web servers write it. A level is a word in
// capitals or in brackets, before a colon at the start of the text, or after `level=`. A pid is recognized where
// nginx, Apache, PostgreSQL, Redis, Ruby and Spring write theirs.
import { isUtf8 } from 'node:buffer'
import { millisecondsOf, type UtcTime } from '../model/instant.ts'
import type { LogRecord, Severity } from '../model/record.ts'
import type { GivenParts } from './json/logs.ts'
import { fieldsOfLine } from './record/container-line.ts'
import { noProcess } from './record/fields.ts'
import type { Parts } from './record/index.ts'
import { severityOf } from './severity/index.ts'
import { readOldHeader } from './syslog/header.ts'
import { decodeSyslog } from './syslog/index.ts'
import { readSyslogTime } from './syslog/time.ts'
import { timeOf } from './time/index.ts'
import { zonePattern } from './time/zones.ts'

/** Characters of a line in which its parts are looked for. */
const maxHead = 1024
/** Characters after the time in which a level in capitals or brackets is looked for; further ones are the text's. */
const maxBeforeLevel = 120

/** The log of a line. */
export function decodeTextLine (bytes: Buffer, given: GivenParts, arrival: UtcTime): LogRecord {
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
  const message = text.endsWith('\r') ? text.slice(0, -1) : text
  const parts = partsOfHead(message.slice(0, maxHead).replace(colours, ''), arrival)
  return {
    eventAt: parts.eventAt ?? arrival,
    severity: parts.severity ?? given.severity ?? 'info',
    message,
    // A pid of 0 means none.
    pid: parts.pid || given.pid || 0,
    processName: parts.processName ?? given.processName ?? noProcess,
    description: parts.description ?? given.description ?? '',
    postTime: arrival,
    attributes: parts.attributes
  }
}

const colours = /\x1b\[[\d;]{0,16}m/g // eslint-disable-line no-control-regex
const priority = /^<\d{1,3}>/

function partsOfHead (head: string, arrival: UtcTime): Parts {
  if (priority.test(head)) return partsOfSyslog(head, arrival)
  const { time: containerTime, message } = fieldsOfLine(head)
  const text = containerTime === undefined ? head : String(message)
  const parts = partsOfFile(text, arrival) ?? partsOfText(text, arrival)
  if (containerTime !== undefined) parts.eventAt ??= timeOf(containerTime, arrival)
  return parts
}

function partsOfSyslog (head: string, arrival: UtcTime): Parts {
  const bytes = Buffer.from(head)
  const { record } = decodeSyslog({ bytes, arrivedAt: millisecondsOf(arrival), address: '' })
  const { eventAt, severity, pid, processName, description, attributes } = record
  return {
    eventAt,
    severity,
    pid,
    processName: processName === noProcess ? undefined : processName,
    description: description || undefined,
    attributes
  }
}

/**
 * Parts of a line of syslog as it is kept in files; undefined unless it names the process.
 * After an ISO time that takes a pid, or the kernel: `request failed: …` is a sentence.
 */
function partsOfFile (head: string, arrival: UtcTime): Parts | undefined {
  const { time, host, app, procid, text } = readOldHeader(head)
  if (time === undefined || app === undefined || isLevelWord.test(app)) return undefined
  if (/^\d/.test(time) && procid === undefined && app !== 'kernel') return undefined
  const eventAt = readSyslogTime(time, millisecondsOf(arrival))
  if (eventAt === undefined) return undefined
  return {
    eventAt,
    severity: levelOf(text),
    pid: /^\d{1,15}$/.test(procid ?? '') ? Number(procid) : undefined,
    processName: app,
    description: host,
    attributes: host === undefined ? null : { host }
  }
}

function partsOfText (head: string, arrival: UtcTime): Parts {
  const { eventAt, rest } = findTime(head, arrival)
  return {
    eventAt,
    severity: severityOf(redisSign.exec(head)?.[1] ?? klogLetter.exec(head)?.[1] ?? '') ?? levelOf(rest),
    pid: pidOf(head, eventAt === undefined ? '' : rest),
    attributes: null
  }
}

const zone = `(?: ?(?:Z|[+-]\\d\\d:?\\d\\d|[+-]\\d\\d(?![\\d:])|${zonePattern}(?!\\w)))?`
const clock = '\\d\\d?:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?(?: [AP]M(?!\\w))?'
const month = '[A-Z][a-z]{2}'
/** To stand in the first group of an expression. */
const anyTime = [
  `\\d{4}([-/.])\\d\\d\\2\\d\\d(?:[T_]| {1,2}|, ?)${clock}${zone}`,
  `\\d\\d?([ /-])${month}\\3\\d{4}[: ]${clock}${zone}`,
  `(?:${month} )?${month} [ \\d]?\\d(?:,? \\d{4},?)? ${clock}(?: \\d{4}(?!\\d)|${zone})`,
  '\\d{10}\\.\\d{3,9}(?=\\s)'
].join('|')
/** After what Redis, Ruby and others write before it. */
const timeFirst = new RegExp(`^(?:\\d{1,10}:[A-Z] |[A-Z], )?[["]?(${anyTime})`)
const timeField = /^(?:time|ts|timestamp|t)=(?:"([^"]{8,64})"|(\S{8,64}))/
const timeInBrackets = /\[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]/

/** The time of a line, and the text after it; the whole text if it does not begin with a time. */
function findTime (head: string, arrival: UtcTime): { eventAt?: UtcTime, rest: string } {
  const first = timeFirst.exec(head)
  const atStart = first ?? timeField.exec(head)
  const time = first?.[1] ?? atStart?.[1] ?? atStart?.[2] ?? timeInBrackets.exec(head)?.[1]
  const eventAt = time === undefined ? undefined : timeOf(time, arrival)
  return { eventAt, rest: atStart && eventAt !== undefined ? head.slice(atStart[0].length) : head }
}

const words = 'trace|debug|verbose|info|information|notice|note|warn|warning|error|err|severe|critical|crit|fatal|' +
  'panic|alert|emerg|emergency'
const isLevelWord = new RegExp(`^(?:${words})$`, 'i')
const levelField = /(?:^|[\s,{"'])(?:level|lvl|loglevel|severity)["']?[=:] ?["']?([A-Za-z]{1,16})(?![\w-])/i
/** In any case in brackets: `[error]`, `[core:error]`; else in capitals, also after the name of a logger and a dot. */
const levelInBrackets = new RegExp(`[[(<]\\s?(?:[\\w-]{1,64}:)?(${words})\\s{0,5}[\\])>]`, 'i')
const levelInCapitals = new RegExp(`(?:^|[\\s[(<|.])(${words.toUpperCase()})(?=$|[\\s\\])>|:,!])`)
/** Words that are levels only at the start of the text. */
const levelBeforeColon = new RegExp(
  `^[\\s\\]:|-]{0,8}(?:PHP )?(${words}|log|statement|hint|fine|finer|finest|config|exception|deprecated)(?: error)?:`,
  'i'
)

function levelOf (rest: string): Severity | undefined {
  const near = rest.slice(0, maxBeforeLevel)
  const inBrackets = levelInBrackets.exec(near)
  const inCapitals = levelInCapitals.exec(near)
  const isFirst = inBrackets && (!inCapitals || inBrackets.index <= inCapitals.index)
  const found = levelField.exec(rest) ?? levelBeforeColon.exec(near) ?? (isFirst ? inBrackets : inCapitals)
  const word = found?.[1]
  return word === undefined ? undefined : severityOf(word)
}

/** Redis: `1:M 20 Nov 2026 09:15:00.123 # text`; the sign is a level. */
const redisSign = new RegExp(`^\\d{1,10}:[A-Z] \\d\\d? ${month} (?:\\d{4} )?${clock} ([.*#-]) `)
/** Kubernetes and glog: `E1120 09:15:00.123456 7 main.go:12] text`. */
const klogLetter = /^([IWEF])\d{4} \d\d:\d\d:\d\d\./

const pidAtStart = /^(\d{1,10}):[A-Z] /
const pids = [
  /^\]? ?\[(\d{1,10})\](?=[:\s])/, // PostgreSQL: after the time
  /^ #(\d{1,10})\]/, // Ruby
  /\] (\d{1,10})#\d{1,10}: /, // nginx
  /\[pid (\d{1,10})[\]:]/, // Apache
  /^\s{1,3}[A-Z]{4,5} (\d{1,10}) --- / // Spring
]

/** The pid before or after a time. */
function pidOf (head: string, rest: string): number | undefined {
  const near = rest.slice(0, maxBeforeLevel)
  let found = pidAtStart.exec(head)
  for (const form of pids) found ??= form.exec(near)
  return found === null ? undefined : Number(found[1])
}
