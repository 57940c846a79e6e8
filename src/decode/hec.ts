// Splunk's HTTP Event Collector: envelopes `{"time":…,"host":…,"event":…}`, or lines.
//
//   time      time of the envelope: seconds since 1970 (or milli-, micro-, nanoseconds), a number or a text; else the
//             field of event or fields with a name for it
//   message   event, if it is a text; if that is JSON, its fields are the log's, see record/json-text.ts. In an event
//             that is an object, the field with a name for the message; else the JSON of event
//   process   the field of event or fields with a name for it; else source, the logger's name or sourcetype
//
// All other parts are found in event and fields by the names of conventions.ts.
//
// Docker's driver sends `{"line":…,"source":"stdout","tag":…}`. If the line is an object, its fields count as the
// event's; a log of stderr is an error unless it has a level; in an envelope without source the tag is the process.
//
// Attributes are the other fields of event and fields, and host, source, sourcetype and index; if two have the same
// name, that of the later one ends in `_`.
import { BadRequest } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { conventions } from './record/conventions.ts'
import type { Step } from './steps.ts'
import { FieldAdder, isFields, limitAttributes, nameOf, textOf, type Fields } from './record/fields.ts'
import { decodeObjects } from './json/objects.ts'
import { fieldsOfLine } from './record/container-line.ts'
import { withJsonOfMessage } from './record/json-text.ts'
import { linesOf } from './lines.ts'
import { usualFields } from './record/loggers.ts'
import { NameTable } from './record/name-table.ts'
import { completed, partsOf, withNames, type Parts, type Reading } from './record/index.ts'
import { decodeTextBody } from './text-body.ts'
import { timeOf } from './time/index.ts'

const reading: Reading = {
  source: 'hec',
  // By default the tag of Docker's driver is a part of the container's id.
  names: { ...conventions, process: conventions.process.filter((name) => name !== 'tag') }
}
/** Reading of events in an envelope with a time. */
const timedReading = withNames(reading, { time: [] })

const envelopeNames = new Set(['event', 'fields', 'source', 'sourcetype'])
const own = { has: (name: string) => envelopeNames.has(name) || NameTable.of(reading.names).has(name) }
const nothing: Fields = {}

/** Errors of an envelope, in Splunk's words. */
export const eventRequired = 'Event field is required'
export const eventBlank = 'Event field cannot be blank'

/** Decodes a body of envelopes. `given` are the defaults of their fields. */
export function decodeHec (body: Buffer, arrival: UtcTime, given: Fields = {}): Iterable<Step> {
  const isGiven = Object.keys(given).length > 0
  return decodeObjects(body, {
    source: 'hec',
    own,
    inner: ['event', 'fields'],
    read: (envelope) => recordOfEnvelope(isGiven ? Object.assign({}, given, envelope) : envelope, arrival)
  })
}

/** Decodes a body of text: envelopes, or lines. */
export function decodeHecText (body: Buffer, arrival: UtcTime, given: Fields = {}): Iterable<Step> {
  return decodeTextBody(
    body,
    (json) => decodeHec(json, arrival, given),
    (event) => recordOfEnvelope({ ...given, event }, arrival)
  )
}

/** Decodes a body of lines. */
export function * decodeHecLines (body: Buffer, arrival: UtcTime, given: Fields = {}): Generator<Step, void, void> {
  for (const event of linesOf(body)) {
    yield event === undefined ? undefined : recordOfEnvelope({ ...given, event }, arrival)
  }
}

function recordOfEnvelope (envelope: Fields, arrival: UtcTime): LogRecord {
  const { event, fields, time, source, sourcetype } = envelope
  if (event === undefined || event === null) throw new BadRequest(eventRequired)
  if (event === '' || (isFields(event) && Object.keys(event).length === 0)) throw new BadRequest(eventBlank)

  const eventAt = timeOf(time, arrival)
  const parts = partsOfEvent(event, isFields(fields) ? fields : nothing, eventAt, arrival)
  parts.processName ??= nameOf(source) ?? tagOf(event) ?? parts.description ?? nameOf(sourcetype)
  const record = completed(parts, isFields(event) ? event : nothing, arrival)

  const attributes = record.attributes ?? {}
  const adder = new FieldAdder(attributes)
  let isAdded = false
  for (const name of Object.keys(envelope)) {
    if (name === 'event' || (name === 'fields' && isFields(fields))) continue
    if (name === 'time' && eventAt !== undefined) continue
    adder.add(name, envelope[name])
    isAdded = true
  }
  if (isAdded) record.attributes = limitAttributes(attributes)
  return record
}

function partsOfEvent (event: unknown, fields: Fields, eventAt: UtcTime | undefined, arrival: UtcTime): Parts {
  const own = isFields(event) ? withoutLine(event) : fieldsOfLine(textOf(event) ?? '')
  const all = fields === nothing ? own : Object.assign({}, own)
  const adder = new FieldAdder(all)
  for (const name of Object.keys(fields)) adder.add(name, fields[name])
  const told = partsOf(usualFields(all), eventAt === undefined ? reading : timedReading, arrival)
  told.eventAt ??= eventAt
  const parts = withJsonOfMessage(told, 'hec', arrival)
  if (isDockers(event) && event.source === 'stderr') parts.severity ??= 'error'
  return parts
}

/** Whether the event is one of Docker's driver. */
function isDockers (event: unknown): event is Fields {
  return isFields(event) && Object.hasOwn(event, 'line') && typeof event.source === 'string'
}

function tagOf (event: unknown): string | undefined {
  return isDockers(event) ? nameOf(event.tag) : undefined
}

/** The event; if it is Docker's and its line is an object, the fields of that take its place. */
function withoutLine (event: Fields): Fields {
  if (!isDockers(event) || !isFields(event.line)) return event
  const { line, ...others } = event
  const fields = { ...line as Fields }
  const adder = new FieldAdder(fields)
  for (const name of Object.keys(others)) adder.add(name, others[name])
  return fields
}
