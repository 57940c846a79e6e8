// Seq: events in CLEF (Serilog's compact format), one after the other, and the older `{"Events":[…]}`.
//
//   time         @t, Timestamp
//   level        @l, Level: Verbose, Debug, Information, Warning, Error, Fatal; without one info
//   message      @m, RenderedMessage; else @mt, MessageTemplate, filled in; else @x, Exception
//   process      Application, ApplicationName, @ra.service.name, service.name, service, name, ProcessName; else the logger
//   pid          ProcessId, pid
//   description  SourceContext, logger
//
// Attributes are the properties by their names, `@@name` as `@name`; @x as exception; the template as @mt,
// unless it is the message; @i, @r, @tr, @sp and the like by those names. What would take another's name keeps its own.
//
// A template is filled in simply: `{Name}`, `{@Name}`, `{$Name}` give the property, a text without
// quotes and anything else as JSON; of `{Name,10:format}` the width is left aside and the format shown where
// the sender rendered it (@r); `{{` and `}}` are braces; what has no property stays as it is. So does a template of
// more than 65,536 characters, or that would become more than 8 MiB.
import { BadRequest } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import type { Step } from './steps.ts'
import { attributesOf, FieldAdder, isFields, noProcess, rename, textOf, type Fields } from './record/fields.ts'
import { decodeObjects } from './json/objects.ts'
import { fillTemplate } from './record/message-template.ts'
import { NameTable } from './record/name-table.ts'
import { recordOf, type Reading } from './record/index.ts'

const reading: Reading = {
  source: 'seq',
  names: {
    message: ['@m'],
    time: ['@t'],
    level: ['@l'],
    process: ['Application', 'ApplicationName', '@ra.service.name', 'service.name', 'service', 'ProcessName'],
    pid: ['ProcessId', 'pid'],
    description: ['SourceContext', 'logger']
  }
}

/** The names of the older format, each with that of CLEF. */
const clefNames: Record<string, string> = {
  Timestamp: '@t',
  Level: '@l',
  MessageTemplate: '@mt',
  RenderedMessage: '@m',
  Exception: '@x',
  EventType: '@i',
  TraceId: '@tr',
  SpanId: '@sp'
}

const clefs = new Set([...Object.keys(clefNames), ...Object.values(clefNames), '@r', 'Properties'])
const own = { has: (name: string) => clefs.has(name) || NameTable.of(reading.names).has(name) }

/** The logs of a body in either format. */
export function decodeSeq (body: Buffer, arrival: UtcTime): Iterable<Step> {
  return decodeObjects(withQuotedName(body), { source: 'seq', own, inner: ['Properties'], read: (event) => recordOfEvent(event, arrival) }, 'Events')
}

/** winston-seq-updated sends `{Events:[…]}`, which Seq itself takes. */
function withQuotedName (body: Buffer): Buffer {
  const start = /^\s*\{\s*Events\s*:/.exec(body.toString('latin1', 0, 100))?.[0]
  return start === undefined ? body : Buffer.concat([Buffer.from('{"Events":'), body.subarray(start.length)])
}

function recordOfEvent (event: Fields, arrival: UtcTime): LogRecord {
  const fields = ['@t', '@m', '@mt', '@x'].some((name) => Object.hasOwn(event, name)) ? event : clefOf(event)
  const { '@m': message, '@mt': template, '@r': renderings, '@x': exception } = fields
  const record = recordOf(fields, reading, arrival)
  if (typeof message !== 'string' || message === '') {
    record.message = (typeof template === 'string' ? fillTemplate(template, fields, renderings) : textOf(template)) || textOf(message) || textOf(exception) || record.message
  }
  takeName(record)
  if (record.attributes) record.attributes = attributesOf(rename(record.attributes, (name) => name === '@mt' && template === record.message ? undefined : ownName(name)))
  return record
}

/** The logger of pino has its name in small letters; a property `Name` is likelier something of the event. */
function takeName (record: LogRecord): void {
  const { name, ...others } = record.attributes ?? {}
  if (record.processName !== noProcess || typeof name !== 'string') return
  record.processName = name
  record.attributes = others
}

/** An event of the older format in CLEF. */
function clefOf ({ Properties: properties, ...event }: Fields): Fields {
  if (!Object.keys(event).some((name) => Object.hasOwn(clefNames, name))) throw new BadRequest('an event must have @t, @m, @mt or @x, as CLEF has it, or Timestamp or MessageTemplate')
  const fields = rename(event, (name) => Object.hasOwn(clefNames, name) ? clefNames[name]! : name)
  if (!isFields(properties)) return properties === undefined ? fields : { ...fields, Properties: properties }
  const adder = new FieldAdder(fields)
  for (const [name, value] of Object.entries(properties)) adder.add(name.startsWith('@') ? `@${name}` : name, value)
  return fields
}

function ownName (name: string): string {
  if (name === '@x') return 'exception'
  return name.startsWith('@@') ? name.slice(1) : name
}
