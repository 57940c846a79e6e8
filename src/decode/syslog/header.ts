// The header of RFC 3164 as it is really written, read in parts: what one part leaves out costs no other part.
//
//   Nov 23 05:36:02 web1 shop[4711]: text                          RFC 3164
//   Nov 23 05:36:02 shop: text                                     without a host, as the C library writes it
//   Nov 23 05:36:02 web1 {"level":"error"}                         without a tag
//   Jul  1 09:01:05 mac Google Chrome Helper[12]: text             macOS: blanks in the tag
//   Jul  1 09:01:05 mac com.apple.xpc.launchd[1] (com.x): text     macOS: a context behind the pid
//   120: host: 000123: *Nov 23 05:36:02.1 UTC: %SYS-5-MOD: text    Cisco IOS: counters, host, time, mnemonic
//   Nov 23 2026 05:36:02 fw1 : %ASA-6-302013: text                 Cisco ASA
//   2026 Nov 23 05:36:02 sw1 %ETHPORT-5-IF_UP: text                Cisco NX-OS
//   date=2026-11-23 time=05:36:02 devname="fw1" tz="+0100" …       Fortinet, Sophos: all of it is the text
//
// Without a time only a tag with a pid and Cisco's forms are looked for: any other word before a colon is likelier a
// part of the text.
//
// Source: RFC 3164, sections 4 and 5; Cisco's "System Message Guide"; the samples of github.com/logpai/loghub.
import { severityOf } from '../severity/index.ts'
import type { StructuredData } from './structured-data.ts'
import { oldTime } from './time.ts'

/** What a header says, each part as it is written; undefined for what it leaves out. */
export interface Header {
  time?: string
  host?: string
  app?: string
  procid?: string
  msgid?: string
  data?: StructuredData
  /** What stands in parentheses between the pid and the colon. */
  context?: string
  /** Cisco's counters of messages. */
  sequence?: string
  text: string
}

/** Characters in which the header is looked for. */
const maxHeader = 2048
/** The longest host or tag. */
const maxNameLength = 255

const timeFirst = new RegExp(`^ *(${oldTime}):? +`)

/** Cisco's name of a message: facility, severity, mnemonic. */
const mnemonic = '%[A-Z][\\w/]*(?:-[\\w/]+)*-\\d-\\w+'
const upTime = '(?:\\d+[ywdh]){1,3}|(?:\\d+[wd])?\\d\\d:\\d\\d:\\d\\d'
/** What stands before Cisco's mnemonic, each with a colon: counters, a host, a time since the start; and the time. */
const ciscoStart = new RegExp(`^ *((?:(?!%)\\S{0,255}: +){0,4}(?:(?!%)\\S{1,255}:)?)(?:(${oldTime}):? +)?(?:(?=(${mnemonic}) ?:)|)`)
const ciscoTime = new RegExp(`^[*.]?(?:${upTime}|${oldTime})$`)

/** What firewalls write that have fields instead of a header. */
const fieldsFirst = /^ *(?:device="[^"]*",? )?date=(\d{4}-\d\d-\d\d),? time="?(\d\d:\d\d:\d\d)/
const zoneField = /[ ,]tz="?([+-]\d\d:?\d\d)/
const hostField = /[ ,](?:devname|device_name)="?([^\s",]{1,255})/

const tagWord = '[\\p{L}\\p{N}_./%+~()#*$&-][\\p{L}\\p{N}_./@%+~()#*$&-]*'
/** A letter is in it, so that `12:30:00` is none; and `http://x` is none, `Foo::bar` and `app:worker` are. */
const tagName = `(?=[^\\s:[]*\\p{L})${tagWord}(?:::?(?=\\p{L})${tagWord})*`
const context = '(?: \\((?<context>[^()]{0,255})\\))?'
const tagWithPid = new RegExp(`(?<app>${tagName})(?: ?\\[(?<pid>\\d+)\\]|\\[(?<procid>[^\\s[\\]]{0,255})\\])${context}: ?`, 'uy')
const oneWordTags = [
  tagWithPid,
  new RegExp(`(?<app>${mnemonic}) ?: ?`, 'uy'),
  new RegExp(`(?<app>${tagName}):(?: |$|(?=[\\t{]))`, 'uy')
]
const spacedWord = '[^\\s[\\]{}":;,=<>]{1,64}'
/** Behind a host: `Google Chrome Helper[12]:`, `syslogd 1.4.1:` and `sshd[12]` are tags, too. */
const allTags = [
  ...oneWordTags,
  new RegExp(`(?=[^[]*\\p{L})(?<app>(?:${spacedWord} ){1,4}${spacedWord})\\[(?<pid>\\d+)\\]${context}: ?`, 'uy'),
  new RegExp(`(?<app>${tagName} \\d+(?:\\.\\d+)+[\\w#~+-]*):(?: |$)`, 'uy'),
  new RegExp(`(?<app>${tagName})\\[(?<pid>\\d+)\\](?: +|$)`, 'uy')
]

const ipv4 = '\\d{1,3}(?:\\.\\d{1,3}){3}'
/** Times of day have colons, too, but no two in a row, and fewer than seven. */
const ipv6 = '(?=\\[?(?:[\\da-fA-F:]*::|(?:[\\da-fA-F]{1,4}:){7}))\\[?[\\da-fA-F:.]{0,43}(?:::|[\\da-fA-F])(?:%\\w{1,20})?\\]?'
const hostWord = `(?:${ipv6}|[\\p{L}\\p{N}_][\\p{L}\\p{N}._/@+~-]*)`
const hostFirst = new RegExp(`(${hostWord}) +`, 'uy')
/**
 * With a tag behind it any word is a host that is no part of JSON, an address of the web, or a time:
 * `("U7PG2,788a20,v4.3")`.
 */
const oddHost = /(?=\S*\p{L})(?!\S*(?:\/\/|=))([^\s"'{[][^\s{}]{0,254}(?<![:,])) +/uy
/** With a colon behind it a word is a host where it is an address, or Cisco's mnemonic follows. */
const hostWithColon = new RegExp(`(${ipv4}|${ipv6}|${hostWord}(?= ?: +${mnemonic})) ?: +`, 'uy')
const hostWhole = new RegExp(`^${hostWord}$`, 'u')

/** What begins a text that has no tag, and no sentence. */
const dataStart = /[{[%]|@cee:|\d+,|CEF:|LEEF:/y
/** These begin sentences rather than being hosts. */
const sentenceStart = /^(?:\p{Lu}\p{Ll}+|\d+)$/u
const repeated = /(?:last )?message repeated \d/y

/** A host and a tag as most are: found in one go, which all that stands above would find one after the other. */
const usualOrigin = /([A-Za-z0-9][\w.-]{0,254}) ([A-Za-z_][\w./-]{0,254})(?:\[(\d{1,255})\])?: /y

/** Reads the header of a message that is not of RFC 5424, without its priority. */
export function readOldHeader (rest: string): Header {
  const head = rest.slice(0, maxHeader)
  const header: Header = { text: rest }
  const [start, time] = timeFirst.exec(head) ?? []
  header.time = time
  const end = start === undefined ? readFields(header, head) ?? readCisco(header, head) ?? readBare(header, head) : readOrigin(header, head, start.length)
  if (end > 0) header.text = rest.slice(end)
  return header
}

// Each of these adds to the header what it finds, and returns where that ends.

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

/** Undefined where Cisco's marks are missing: a mnemonic, or a counter before the time. */
function readCisco (header: Header, head: string): number | undefined {
  const [start, prefix = '', behind, name] = ciscoStart.exec(head) ?? []
  if (start === undefined || (name === undefined && (behind === undefined || !/^[\d:]/.test(prefix)))) return undefined
  const parts = prefix.split(/: +|:$/).filter((part) => part !== '')
  const time = behind ?? parts.find((part) => ciscoTime.test(part))
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

/** The host and the tag, which begin at `at`, of a message with a time. */
function readOrigin (header: Header, head: string, at: number): number {
  const usual = match(usualOrigin, head, at)
  if (usual && !isLevel(usual[1]!)) {
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

/** The host, and where it ends: what follows is a tag, or the text. */
function findHost (head: string, at: number): { host?: string, end: number } {
  const withColon = match(hostWithColon, head, at)
  if (withColon) return { host: withColon[1], end: at + withColon[0].length }

  const none = { end: at }
  if (findTag(head, at, oneWordTags)) return none
  const [whole, host] = match(hostFirst, head, at) ?? match(oddHost, head, at) ?? []
  if (whole === undefined || host === undefined || host.length > maxNameLength || isLevel(host)) return none
  const end = at + whole.length
  if (findTag(head, end, allTags)) return { host, end }
  const isText = end >= head.length || !hostWhole.test(host) || (sentenceStart.test(host) && !match(dataStart, head, end)) || match(repeated, head, at)
  return isText ? none : { host, end }
}

interface Tag {
  app: string
  procid?: string
  context?: string
  /** Where the text begins. */
  end: number
}

/** The tag that begins at `at`, in one of these forms. */
function findTag (head: string, at: number, forms: readonly RegExp[]): Tag | undefined {
  for (const form of forms) {
    const found = match(form, head, at)
    const { app, pid, procid, context } = found?.groups ?? {}
    if (found && app !== undefined && app.length <= maxNameLength) return { app, procid: pid ?? (procid || undefined), context, end: at + found[0].length }
  }
  return undefined
}

/** Single letters are hosts as well. */
function isLevel (word: string): boolean {
  return /^\p{L}{2,}$/u.test(word) && severityOf(word) !== undefined
}

function match (pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}
