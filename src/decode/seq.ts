// Seq: events in CLEF (Serilog's compact format), one after the other, and the older `{"Events":[…]}`.
//
//   time         @t, Timestamp
//   level        @l, Level: Verbose, Debug, Information, Warning, Error, Fatal; without one info
//   message      @m, RenderedMessage; else @mt, MessageTemplate, filled in; else @x, Exception
//   process      Application, ApplicationName, @ra.service.name, service.name, service, ProcessName; else the logger,
//                else name
//   pid          ProcessId, pid
//   description  SourceContext, logger
//
// Attributes are the properties by their names, with `@@name` as `@name`; @x as exception; the template as @mt, unless
// it is the message; @i, @r, @tr, @sp and the like by those names. A field whose new name is taken keeps its own.
//
// A template is filled in without formatting: `{Name}`, `{@Name}` and `{$Name}` become the property, a string without
// quotes, any other value as JSON. In `{Name,10:format}` the width is ignored, and the format needs the sender's
// rendering (@r). `{{` and `}}` are braces. A placeholder without a property stays as it is, and so does a whole
// template of more than 65,536 characters, or one that would become more than 8 MiB.
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

/** Names of CLEF, by those of the older format. */
const clefNames = new Map(Object.entries({
  Timestamp: '@t',
  Level: '@l',
  MessageTemplate: '@mt',
  RenderedMessage: '@m',
  Exception: '@x',
  EventType: '@i',
  TraceId: '@tr',
  SpanId: '@sp'
}))

const clefs = new Set([...clefNames.keys(), ...clefNames.values(), '@r', 'Properties'])
const own = { has: (name: string) => clefs.has(name) || NameTable.of(reading.names).has(name) }

/** Decodes a body in either format. */
export function decodeSeq (body: Buffer, arrival: UtcTime): Iterable<Step> {
  return decodeObjects(withQuotedName(body), {
    source: 'seq',
    own,
    inner: ['Properties'],
    read: (event) => recordOfEvent(event, arrival)
  }, 'Events')
}

/** Quotes the name in `{Events:[…]}`, which winston-seq-updated sends and Seq itself accepts. */
function withQuotedName (body: Buffer): Buffer {
  const start = /^\s*\{\s*Events\s*:/.exec(body.toString('latin1', 0, 100))?.[0]
  return start === undefined ? body : Buffer.concat([Buffer.from('{"Events":'), body.subarray(start.length)])
}

function recordOfEvent (event: Fields, arrival: UtcTime): LogRecord {
  const fields = ['@t', '@m', '@mt', '@x'].some((name) => Object.hasOwn(event, name)) ? event : clefOf(event)
  const { '@m': message, '@mt': template, '@r': renderings, '@x': exception } = fields
  const record = recordOf(fields, reading, arrival)
  if (typeof message !== 'string' || message === '') {
    const filled = typeof template === 'string' ? fillTemplate(template, fields, renderings) : textOf(template)
    record.message = filled || textOf(message) || textOf(exception) || record.message
  }
  nameProcess(record)
  if (record.attributes) {
    const isTemplateMessage = template === record.message
    record.attributes = attributesOf(rename(record.attributes, (name) => {
      return name === '@mt' && isTemplateMessage ? undefined : ownName(name)
    }))
  }
  return record
}

/** Uses the attribute `name`, pino's name of a logger, as the process; `Name` is rather a property of the event. */
function nameProcess (record: LogRecord): void {
  if (record.processName !== noProcess || typeof record.attributes?.name !== 'string') return
  const { name, ...others } = record.attributes
  record.processName = name
  record.attributes = others
}

/** Converts an event of the older format to CLEF. */
function clefOf (event: Fields): Fields {
  if (!Object.keys(event).some((name) => clefNames.has(name))) {
    throw new BadRequest('an event must have @t, @m, @mt or @x, as CLEF has it, or Timestamp or MessageTemplate')
  }
  const { Properties: properties } = event
  const clefName = (name: string) => clefNames.get(name) ?? name
  if (!isFields(properties)) return rename(event, clefName)
  const fields = rename(event, (name) => name === 'Properties' ? undefined : clefName(name))
  const adder = new FieldAdder(fields)
  for (const name of Object.keys(properties)) adder.add(name.startsWith('@') ? `@${name}` : name, properties[name])
  return fields
}

function ownName (name: string): string {
  if (name === '@x') return 'exception'
  return name.startsWith('@@') ? name.slice(1) : name
}
