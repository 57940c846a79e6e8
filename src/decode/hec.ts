// Splunk's HTTP Event Collector: envelopes `{"time":…,"host":…,"event":…}`, or lines.
//
//   time      time of the envelope: seconds since 1970 (or milli-, micro-, nanoseconds), a number or a text; else by its name
//   message   event, where it is a text; of JSON in it what that tells, see record/json-text.ts; of an object what its names
//             tell; else its JSON
//   process   by its name in event or fields; else source, else the logger's name, else sourcetype
//
// All else is found in event and fields by the names of conventions.ts.
//
// Docker's driver sends `{"line":…,"source":"stdout","tag":…}`: a line that is an object is read as if its fields were
// the event's, what comes from stderr is an error unless it names a level, and without source the tag is the process,
// too.
//
// Attributes are what else event and fields hold, and host, source, sourcetype and index; of the same
// name the later one ends in `_`.
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
  // What Docker calls tag is, unless it is told otherwise, a part of the container's id.
  names: { ...conventions, process: conventions.process.filter((name) => name !== 'tag') }
}
/** Of an event whose envelope has a time. */
const timedReading = withNames(reading, { time: [] })

const envelopeNames = new Set(['event', 'fields', 'source', 'sourcetype'])
const own = { has: (name: string) => envelopeNames.has(name) || NameTable.of(reading.names).has(name) }
const nothing: Fields = {}

/** Splunk's words for what an envelope may lack. */
export const eventRequired = 'Event field is required'
export const eventBlank = 'Event field cannot be blank'

/** The logs of a body of envelopes. `given` is what holds for an envelope that does not say it itself. */
export function decodeHec (body: Buffer, arrival: UtcTime, given: Fields = {}): Iterable<Step> {
  const isGiven = Object.keys(given).length > 0
  return decodeObjects(body, { source: 'hec', own, inner: ['event', 'fields'], read: (envelope) => recordOfEnvelope(isGiven ? Object.assign({}, given, envelope) : envelope, arrival) })
}

/** The logs of a body of text: envelopes, or lines. */
export function decodeHecText (body: Buffer, arrival: UtcTime, given: Fields = {}): Iterable<Step> {
  return decodeTextBody(body, (json) => decodeHec(json, arrival, given), (event) => recordOfEnvelope({ ...given, event }, arrival))
}

/** The logs of a body of lines. */
export function * decodeHecLines (body: Buffer, arrival: UtcTime, given: Fields = {}): Generator<Step, void, void> {
  for (const event of linesOf(body)) yield event === undefined ? undefined : recordOfEnvelope({ ...given, event }, arrival)
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
    const isUsed = name === 'event' || (name === 'fields' && isFields(fields)) || (name === 'time' && eventAt !== undefined)
    if (isUsed) continue
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

/** An event whose line is an object, with the fields of that in its place. */
function withoutLine (event: Fields): Fields {
  if (!isDockers(event) || !isFields(event.line)) return event
  const { line, ...others } = event
  const fields = { ...line as Fields }
  const adder = new FieldAdder(fields)
  for (const name of Object.keys(others)) adder.add(name, others[name])
  return fields
}
