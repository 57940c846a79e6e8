// Splunk's HTTP Event Collector: envelopes `{"time":…,"host":…,"event":…}`, or lines.
//
//   time      time of the envelope: seconds since 1970 (or milli-, micro-, nanoseconds), a number or a text
//   message   event, where it is a text; else what its msg, message, log or text holds, a text before
//             others; else its JSON. An object whose JSON is the message is kept as attributes, too
//   level     level, severity, lvl, log.level of event or of fields
//   process   name, process, service, service.name, process.name of event or of fields; else source, else
//             the logger's name, else sourcetype
//   pid       pid, process.pid of event or of fields
//   description  the logger's name: logger, logger_name, loggerName, log.logger of event or of fields
//
// Attributes are what else event and fields hold, and host, source, sourcetype and index; of the same
// name the later one ends in `_`.
import { BadRequest } from '../errors.ts'
import type { LogRecord, UtcTime } from '../record.ts'
import type { Step } from './decoded.ts'
import { FieldAdder, isFields, limitAttributes, nameOf, noProcess, recordOf, textOf, timeOf, type FieldNames, type Fields } from './fields.ts'
import { jsonNames, jsonOwnNames, loggerNames } from './json-logs.ts'
import { decodeObjects } from './json-objects.ts'
import { linesOf } from './lines.ts'

/** By the name that holds the message, if one does: where the rest is. */
type Names = (message: string | undefined) => FieldNames

const names = namesFor(jsonNames)
/** Of an event whose envelope says which process it is from, so that the logger is none. */
const namesBesideSource = namesFor({ ...jsonNames, process: jsonNames.process.filter((name) => !loggerNames.includes(name)) })

function namesFor (names: FieldNames): Names {
  const none = { ...names, message: [], time: [] }
  const byMessage = new Map(names.message.map((name) => [name, { ...none, message: [name] }]))
  return (message) => message === undefined ? none : byMessage.get(message)!
}

const own = new Set([...jsonOwnNames, 'event', 'fields', 'source', 'sourcetype'])
const nothing: Fields = {}

/** Splunk's words for what an envelope may lack. */
export const eventRequired = 'Event field is required'
export const eventBlank = 'Event field cannot be blank'

/** The logs of a body of envelopes. `given` is what holds for an envelope that does not say it itself. */
export function decodeHec (body: Buffer, arrival: UtcTime, given: Fields = {}): Iterable<Step> {
  const isGiven = Object.keys(given).length > 0
  return decodeObjects(body, { source: 'hec', own, inner: ['event', 'fields'], read: (envelope) => recordOfEnvelope(isGiven ? Object.assign({}, given, envelope) : envelope, arrival) })
}

/** The logs of a body of lines. */
export function * decodeHecLines (body: Buffer, arrival: UtcTime, given: Fields = {}): Generator<Step, void, void> {
  for (const event of linesOf(body)) yield event === undefined ? undefined : recordOfEnvelope({ ...given, event }, arrival)
}

function recordOfEnvelope (envelope: Fields, arrival: UtcTime): LogRecord {
  const { event, fields, time, source, sourcetype } = envelope
  if (event === undefined || event === null) throw new BadRequest(eventRequired)
  if (event === '' || (isFields(event) && Object.keys(event).length === 0)) throw new BadRequest(eventBlank)

  const record = recordOfEvent(event, isFields(fields) ? fields : nothing, nameOf(source) === undefined ? names : namesBesideSource, arrival)
  const eventAt = timeOf(time)
  record.eventAt = eventAt ?? arrival
  if (record.processName === noProcess) record.processName = nameOf(source) ?? nameOf(sourcetype) ?? noProcess

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

function recordOfEvent (event: unknown, fields: Fields, names: Names, arrival: UtcTime): LogRecord {
  const own = isFields(event) ? event : {}
  const name = jsonNames.message.find((name) => typeof own[name] === 'string') ?? jsonNames.message.find((name) => own[name] !== undefined && own[name] !== null)

  const all = fields === nothing ? own : Object.assign({}, own)
  const adder = new FieldAdder(all)
  for (const name of Object.keys(fields)) adder.add(name, fields[name])
  const record = recordOf(all, names(name), arrival)
  if (name === undefined) {
    record.message = textOf(event)!
  } else if (isFields(own[name])) {
    // It stays whole beside its JSON, so that its fields are found.
    new FieldAdder(record.attributes ??= {}).add(name, own[name])
  }
  return record
}
