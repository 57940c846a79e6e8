// How a log of OTLP becomes a record:
//
//   time          timeUnixNano, else observedTimeUnixNano, else arrival
//   severity      severityNumber: 1 to 8 debug, to 12 info, to 16 warning, to 20 error, to 24 critical;
//                 else severityText, else the level of a body that is a map; else info
//   message       body: a string as it is; in a map the field named like a message, its other fields being the
//                 attribute body; any other value as its JSON. Without a body eventName, else the attributes as JSON
//   process       resource attribute service.name, else process.executable.name
//   pid           resource attribute process.pid
//   description   name of the scope
//
// The log's attributes are kept flat. Beside them are those of the following fields that are not at their default:
// event_name, trace_id, span_id, flags, severity_text, severity_number, time_unix_nano, observed_time_unix_nano,
// dropped_attributes_count; `resource`, with the other resource attributes; `scope`, with its version and attributes.
// If an attribute has one of these names and another value, all attributes of the log are kept in `attributes`.
import type { UtcTime } from '../../model/instant.ts'
import type { LogRecord, Severity } from '../../model/record.ts'
import { fromNanoseconds } from '../../model/time.ts'
import { conventions } from '../record/conventions.ts'
import { attributesOf, isFields, limitAttributes, noProcess, textOf, type Fields } from '../record/fields.ts'
import { usualFields } from '../record/loggers.ts'
import { rememberNanoseconds } from '../order.ts'
import { jsonOf, partsOf, type Reading } from '../record/index.ts'
import { severityOf } from '../severity/index.ts'
import { countUnknownLevel } from '../severity/unknown-levels.ts'
import { believableTime } from '../time/index.ts'

/** A LogRecord of OTLP, with JSON values; a missing field is undefined, 0 or empty. */
export interface OtlpLog {
  /** In nanoseconds since 1970. */
  time?: bigint
  observedTime?: bigint
  /** 1 to 24, or a name of the enum. */
  severityNumber?: number | string
  severityText?: string
  body?: unknown
  attributes: Fields
  droppedAttributes?: unknown
  flags?: unknown
  /** In hex. */
  traceId?: string
  spanId?: string
  eventName?: string
}

/** A resource, or a scope. */
export interface OtlpSource {
  name?: string
  version?: string
  schemaUrl?: string
  attributes: Fields
  droppedAttributes?: unknown
}

/** Parts of a record that the logs of a resource or scope share. */
export interface Origin {
  processName: string
  pid: number
  description: string
  attributes: Fields
}

const resourceReading: Reading = {
  source: 'otlp',
  names: {
    message: [],
    time: [],
    level: [],
    process: ['service.name', 'process.executable.name'],
    pid: ['process.pid'],
    description: []
  }
}

const bodyReading: Reading = {
  source: 'otlp',
  names: { ...conventions, time: [], process: [], pid: [], description: [] }
}

/** The parts that all logs of a resource share. */
export function originOfResource (resource: OtlpSource): Origin {
  const { processName = noProcess, pid = 0, attributes } = partsOf(resource.attributes, resourceReading, '')
  return { processName, pid, description: '', attributes: part('resource', attributes ?? {}, resource) }
}

/** The parts that all logs of one of the resource's scopes share. */
export function withScope (resource: Origin, scope: OtlpSource): Origin {
  const attributes = { ...resource.attributes, ...part('scope', scope.attributes, scope) }
  return { ...resource, description: scope.name ?? '', attributes }
}

function part (name: string, attributes: Fields, { version, schemaUrl, droppedAttributes }: OtlpSource): Fields {
  const part = beside(attributes, { version, schema_url: schemaUrl, dropped_attributes_count: droppedAttributes })
  return Object.keys(part).length === 0 ? {} : { [name]: part }
}

export function recordOfOtlp (log: OtlpLog, origin: Origin, arrival: UtcTime): LogRecord {
  const { processName, pid, description, attributes: shared } = origin
  const body = isFields(log.body) ? partsOf(usualFields(log.body), bodyReading, arrival) : undefined
  const told = log.severityNumber === 0 ? undefined : log.severityNumber
  const severity = severityOf(told, { scale: 'otlp', name: log.severityText }) ?? body?.severity
  if (severity === undefined) countUnknownLevel('otlp', told ?? log.severityText)
  const time = timeOfNanoseconds(log.time, arrival)
  const observedTime = time === undefined ? timeOfNanoseconds(log.observedTime, arrival) : undefined
  const isObservedTimeKept = log.observedTime !== log.time && observedTime === undefined
  const message = body?.message ?? (textOf(log.body) || log.eventName || jsonOf(log.attributes))
  const attributes = beside(log.attributes, {
    event_name: log.eventName,
    trace_id: log.traceId,
    span_id: log.spanId,
    flags: log.flags,
    severity_text: log.severityText?.toLowerCase() === severity ? undefined : log.severityText,
    severity_number: severity !== undefined && told === baseNumbers[severity] ? undefined : told,
    time_unix_nano: time === undefined ? textOfNanoseconds(log.time) : undefined,
    observed_time_unix_nano: isObservedTimeKept ? textOfNanoseconds(log.observedTime) : undefined,
    dropped_attributes_count: log.droppedAttributes,
    body: body?.message === undefined ? undefined : body.attributes ?? undefined
  }, shared)
  const record: LogRecord = {
    eventAt: time ?? observedTime ?? arrival,
    postTime: arrival,
    severity: severity ?? 'info',
    message,
    pid,
    processName,
    description,
    attributes: attributesOf(limitAttributes(attributes))
  }
  rememberNanoseconds(record, log.time || log.observedTime)
  return record
}

/**
 * Adds the protocol's own fields, and those shared by many logs, to attributes; fields at their default are left out.
 * Returns the attributes, or, if names clash, an object that has them in its field `attributes`.
 */
function beside (attributes: Fields, own: Fields, shared: Fields = nothing): Fields {
  const all = clash(attributes, own) || clash(attributes, shared) ? { attributes } : attributes
  addTold(all, own)
  addTold(all, shared)
  return all
}

const nothing: Fields = {}

function clash (attributes: Fields, own: Fields): boolean {
  for (const name in own) {
    if (isTold(own[name]) && Object.hasOwn(attributes, name) && attributes[name] !== own[name]) return true
  }
  return false
}

function addTold (fields: Fields, own: Fields): void {
  for (const name in own) if (isTold(own[name])) fields[name] = own[name]
}

function isTold (value: unknown): boolean {
  return value !== undefined && value !== 0 && value !== ''
}

/** The first number of each severity. */
const baseNumbers: Record<Severity, number> = { debug: 5, info: 9, warning: 13, error: 17, critical: 21 }

/** Time of a number of nanoseconds; undefined for 0, which means none. */
function timeOfNanoseconds (nanoseconds: bigint | undefined, arrival: UtcTime): UtcTime | undefined {
  return nanoseconds ? believableTime(fromNanoseconds(nanoseconds), arrival) : undefined
}

function textOfNanoseconds (nanoseconds: bigint | undefined): string | undefined {
  return nanoseconds ? nanoseconds.toString() : undefined
}
