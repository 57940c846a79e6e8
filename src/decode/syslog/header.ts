// The header of RFC 3164 in its real forms. Its parts are read one by one: a missing part costs no other part.
//
//   Nov 23 05:36:02 web1 shop[4711]: text                          RFC 3164
//   Nov 23 05:36:02 shop: text                                     without a host, the form of the C library
//   Nov 23 05:36:02 web1 {"level":"error"}                         without a tag
//   Jul  1 09:01:05 mac Google Chrome Helper[12]: text             macOS: blanks in the tag
//   Jul  1 09:01:05 mac com.apple.xpc.launchd[1] (com.x): text     macOS: a context after the pid
//   120: host: 000123: *Nov 23 05:36:02.1 UTC: %SYS-5-MOD: text    Cisco IOS: counters, host, time, mnemonic
//   Nov 23 2026 05:36:02 fw1 : %ASA-6-302013: text                 Cisco ASA
//   2026 Nov 23 05:36:02 sw1 %ETHPORT-5-IF_UP: text                Cisco NX-OS
//   date=2026-11-23 time=05:36:02 devname="fw1" tz="+0100" …       Fortinet, Sophos: the whole line is the text
//
// Without a time, only a tag with a pid and Cisco's forms are recognized: any other word before a colon is more likely
// part of the text.
//
// Source: RFC 3164, sections 4 and 5; Cisco's "System Message Guide"; the samples of github.com/logpai/loghub.
import { severityOf } from '../severity/index.ts'
import type { StructuredData } from './structured-data.ts'
import { oldTime } from './time.ts'

/** Parts of a header, as the sender wrote them; undefined for a missing part. */
export interface Header {
  time?: string
  host?: string
  app?: string
  procid?: string
  msgid?: string
  data?: StructuredData
  /** Text in parentheses between the pid and the colon. */
  context?: string
  /** Cisco's message counters. */
  sequence?: string
  text: string
}

/** Characters that are searched for the header. */
const maxHeader = 2048
/** Characters of a host or tag. */
const maxNameLength = 255

const timeFirst = new RegExp(`^ *(${oldTime}):? +`)

/** Cisco's name of a message: its facility, severity and mnemonic. */
const mnemonic = '%[A-Z][\\w/]*(?:-[\\w/]+)*-\\d-\\w+'
const upTime = '(?:\\d+[ywdh]){1,3}|(?:\\d+[wd])?\\d\\d:\\d\\d:\\d\\d'
/** Parts before Cisco's mnemonic: counters, a host and the up time, each with a colon; then the time. */
const ciscoStart = new RegExp(
  `^ *((?:(?!%)\\S{0,255}: +){0,4}(?:(?!%)\\S{1,255}:)?)(?:(${oldTime}):? +)?(?:(?=(${mnemonic}) ?:)|)`
)
const ciscoTime = new RegExp(`^[*.]?(?:${upTime}|${oldTime})$`)

/** Start of a message from a firewall that writes fields instead of a header. */
const fieldsFirst = /^ *(?:device="[^"]*",? )?date=(\d{4}-\d\d-\d\d),? time="?(\d\d:\d\d:\d\d)/
const zoneField = /[ ,]tz="?([+-]\d\d:?\d\d)/
const hostField = /[ ,](?:devname|device_name)="?([^\s",]{1,255})/

const tagWord = '[\\p{L}\\p{N}_./%+~()#*$&-][\\p{L}\\p{N}_./@%+~()#*$&-]*'
/** Has a letter, so `12:30:00` is no tag; `Foo::bar` and `app:worker` are tags, `http://x` is not. */
const tagName = `(?=[^\\s:[]*\\p{L})${tagWord}(?:::?(?=\\p{L})${tagWord})*`
const context = '(?: \\((?<context>[^()]{0,255})\\))?'
const tagWithPid = new RegExp(
  `(?<app>${tagName})(?: ?\\[(?<pid>\\d+)\\]|\\[(?<procid>[^\\s[\\]]{0,255})\\])${context}: ?`, 'uy'
)
const oneWordTags = [
  tagWithPid,
  new RegExp(`(?<app>${mnemonic}) ?: ?`, 'uy'),
  new RegExp(`(?<app>${tagName}):(?: |$|(?=[\\t{]))`, 'uy')
]
const spacedWord = '[^\\s[\\]{}":;,=<>]{1,64}'
/** Tags after a host; only there `Google Chrome Helper[12]:`, `syslogd 1.4.1:` and `sshd[12]` are tags. */
const allTags = [
  ...oneWordTags,
  new RegExp(`(?=[^[]*\\p{L})(?<app>(?:${spacedWord} ){1,4}${spacedWord})\\[(?<pid>\\d+)\\]${context}: ?`, 'uy'),
  new RegExp(`(?<app>${tagName} \\d+(?:\\.\\d+)+[\\w#~+-]*):(?: |$)`, 'uy'),
  new RegExp(`(?<app>${tagName})\\[(?<pid>\\d+)\\](?: +|$)`, 'uy')
]

const ipv4 = '\\d{1,3}(?:\\.\\d{1,3}){3}'
/** An address has two colons in a row, or seven; a time of day has neither. */
const ipv6 =
  '(?=\\[?(?:[\\da-fA-F:]*::|(?:[\\da-fA-F]{1,4}:){7}))\\[?[\\da-fA-F:.]{0,43}(?:::|[\\da-fA-F])(?:%\\w{1,20})?\\]?'
const hostWord = `(?:${ipv6}|[\\p{L}\\p{N}_][\\p{L}\\p{N}._/@+~-]*)`
const hostFirst = new RegExp(`(${hostWord}) +`, 'uy')
/**
 * A host in an unusual form: `("U7PG2,788a20,v4.3")`.
 * Before a tag, any word is a host unless it is part of JSON, a URL or a time.
 */
const oddHost = /(?=\S*\p{L})(?!\S*(?:\/\/|=))([^\s"'{[][^\s{}]{0,254}(?<![:,])) +/uy
/** A host with a colon: an address, or a word before Cisco's mnemonic. */
const hostWithColon = new RegExp(`(${ipv4}|${ipv6}|${hostWord}(?= ?: +${mnemonic})) ?: +`, 'uy')
const hostWhole = new RegExp(`^${hostWord}$`, 'u')

/** Start of a text without a tag that is data, not a sentence. */
const dataStart = /[{[%]|@cee:|\d+,|CEF:|LEEF:/y
/** Words that more likely begin a sentence than name a host. */
const sentenceStart = /^(?:\p{Lu}\p{Ll}+|\d+)$/u
const repeated = /(?:last )?message repeated \d/y

/** A host and a tag in the usual form: one pattern, faster than the ones above in turn. */
const usualOrigin = /([A-Za-z0-9][\w.-]{0,254}) ([A-Za-z_][\w./-]{0,254})(?:\[(\d{1,255})\])?: /y

/** Reads the header of a message that is not of RFC 5424, without its priority. */
export function readOldHeader (rest: string): Header {
  const head = rest.slice(0, maxHeader)
  const header: Header = { text: rest }
  const [start, time] = timeFirst.exec(head) ?? []
  header.time = time
  const end = start === undefined
    ? readFields(header, head) ?? readCisco(header, head) ?? readBare(header, head)
    : readOrigin(header, head, start.length)
  if (end > 0) header.text = rest.slice(end)
  return header
}

// Each of these adds its parts to the header and returns the index after them.

function readFields (header: Header, head: string): number | undefined {
  const [start, date, time] = fieldsFirst.exec(head) ?? []
  if (start === undefined) return undefined
  header.time = `${date} ${time}${zoneField.exec(head)?.[1] ?? ''}`
  header.host = hostField.exec(head)?.[1]
  return 0
}

function readBare (header: Header, head: string): number {
  const tag = findTag(head, 0, [tagWithPid])
  return tag && /^\d+$/.test(tag.procid ?? '') ? addTag(header, tag) : 0
}

/** Undefined without a mark of Cisco: a mnemonic, or a counter before the time. */
function readCisco (header: Header, head: string): number | undefined {
  const [start, prefix = '', timeBefore, name] = ciscoStart.exec(head) ?? []
  if (start === undefined) return undefined
  if (name === undefined && (timeBefore === undefined || !/^[\d:]/.test(prefix))) return undefined
  const parts = prefix.split(/: +|:$/).filter((part) => part !== '')
  const time = timeBefore ?? parts.find((part) => ciscoTime.test(part))
  const counters = parts.filter((part) => /^\d+$/.test(part))
  const [host, ...unknown] = parts.filter((part) => part !== time && !/^\d+$/.test(part))
  if (unknown.length > 0 || (host !== undefined && !hostWhole.test(host))) return undefined

  header.time = time
  if (counters.length > 0) header.sequence = counters.join(' ')
  if (host === undefined) return readOrigin(header, head, start.length)
  header.host = host
  const tag = findTag(head, start.length, allTags)
  return tag ? addTag(header, tag) : start.length
}

/** Reads the host and the tag of a message with a time; they begin at `at`. */
function readOrigin (header: Header, head: string, at: number): number {
  const usual = match(usualOrigin, head, at)
  if (usual && !isLevel(usual[1] ?? '')) {
    [, header.host, header.app, header.procid] = usual
    return at + usual[0].length
  }
  const { host, end } = findHost(head, at)
  header.host = host
  const tag = findTag(head, end, host === undefined ? oneWordTags : allTags)
  return tag ? addTag(header, tag) : end
}

function addTag (header: Header, { app, procid, context, end }: Tag): number {
  header.app = app
  header.procid = procid
  header.context = context
  return end
}

/** The host, and the index after it, where a tag or the text follows. */
function findHost (head: string, at: number): { host?: string, end: number } {
  const withColon = match(hostWithColon, head, at)
  if (withColon) return { host: withColon[1], end: at + withColon[0].length }

  const none = { end: at }
  if (findTag(head, at, oneWordTags)) return none
  const [whole, host] = match(hostFirst, head, at) ?? match(oddHost, head, at) ?? []
  if (whole === undefined || host === undefined || host.length > maxNameLength || isLevel(host)) return none
  const end = at + whole.length
  if (findTag(head, end, allTags)) return { host, end }
  const isText = end >= head.length || !hostWhole.test(host) ||
    (sentenceStart.test(host) && !match(dataStart, head, end)) || match(repeated, head, at)
  return isText ? none : { host, end }
}

interface Tag {
  app: string
  procid?: string
  context?: string
  /** Index of the text. */
  end: number
}

/** The tag at `at`, in the first form that matches. */
function findTag (head: string, at: number, forms: readonly RegExp[]): Tag | undefined {
  for (const form of forms) {
    const found = match(form, head, at)
    const { app, pid, procid, context } = found?.groups ?? {}
    if (!found || app === undefined || app.length > maxNameLength) continue
    return { app, procid: pid ?? (procid || undefined), context, end: at + found[0].length }
  }
  return undefined
}

/** Whether a word is a level's name; single letters are not, they may be hosts. */
function isLevel (word: string): boolean {
  return /^\p{L}{2,}$/u.test(word) && severityOf(word) !== undefined
}

function match (pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}
