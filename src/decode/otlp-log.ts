// How a log of OTLP becomes a record:
//
//   time          timeUnixNano, else observedTimeUnixNano, else arrival
//   severity      severityNumber: 1 to 8 debug, to 12 info, to 16 warning, to 20 error, to 24 critical;
//                 else severityText, where it is a level's name; else info
//   message       body: a text as it is, anything else as its JSON
//   process       resource attribute service.name
//   pid           resource attribute process.pid
//   description   name of the scope
//
// The log's attributes are kept flat, and beside them, where they tell something: event_name, trace_id,
// span_id, flags, severity_text, severity_number, observed_time_unix_nano, dropped_attributes_count;
// `resource`, with the other resource attributes; `scope`, with its version and attributes. If an
// attribute has one of these names and another value, it and those beside it are kept in `attributes`.
import type { LogRecord, Severity, UtcTime } from '../record.ts'
import { fromNanoseconds } from '../time.ts'
import { attributesOf, limitAttributes, recordOf, textOf, type FieldNames, type Fields } from './fields.ts'
import { severityOfName } from './severity.ts'

/** A LogRecord of OTLP, its values as JSON has them; what is not given is undefined, or 0 or empty. */
export interface OtlpLog {
  /** In nanoseconds since 1970. */
  time?: bigint
  observedTime?: bigint
  severityNumber?: number
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

/** What many logs have in common, ready for each of them. */
export interface Origin {
  processName: string
  pid: number
  description: string
  attributes: Fields
}

const resourceNames: FieldNames = { message: [], time: [], level: [], process: ['service.name'], pid: ['process.pid'], description: [] }

/** What all logs of a resource have in common. */
export function originOfResource (resource: OtlpSource): Origin {
  const { processName, pid, attributes } = recordOf(resource.attributes, resourceNames, '')
  return { processName, pid, description: '', attributes: part('resource', attributes ?? {}, resource) }
}

/** And what all logs of one of its scopes have. */
export function withScope (resource: Origin, scope: OtlpSource): Origin {
  return { ...resource, description: scope.name ?? '', attributes: { ...resource.attributes, ...part('scope', scope.attributes, scope) } }
}

function part (name: string, attributes: Fields, { version, schemaUrl, droppedAttributes }: OtlpSource): Fields {
  const part = beside(attributes, { version, schema_url: schemaUrl, dropped_attributes_count: droppedAttributes })
  return Object.keys(part).length === 0 ? {} : { [name]: part }
}

export function recordOfOtlp (log: OtlpLog, { processName, pid, description, attributes: shared }: Origin, arrival: UtcTime): LogRecord {
  const severity = severityOfNumber(log.severityNumber) ?? severityOfName(log.severityText ?? '') ?? 'info'
  const attributes = beside(log.attributes, {
    event_name: log.eventName,
    trace_id: log.traceId,
    span_id: log.spanId,
    flags: log.flags,
    severity_text: log.severityText?.toLowerCase() === severity ? undefined : log.severityText,
    severity_number: log.severityNumber === baseNumbers[severity] ? undefined : log.severityNumber,
    observed_time_unix_nano: log.time && log.observedTime !== log.time ? log.observedTime?.toString() : undefined,
    dropped_attributes_count: log.droppedAttributes
  }, shared)
  return {
    eventAt: (log.time && fromNanoseconds(log.time)) || (log.observedTime && fromNanoseconds(log.observedTime)) || arrival,
    postTime: arrival,
    severity,
    message: textOf(log.body) ?? '',
    pid,
    processName,
    description,
    attributes: attributesOf(limitAttributes(attributes))
  }
}

/** Adds to attributes what the protocol itself says beside them, without what is at its default; gives them back, or, where names clash, what they are in. */
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

/** Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
function severityOfNumber (number = 0): Severity | undefined {
  if (!(number >= 1 && number <= 24)) return undefined
  if (number < 9) return 'debug'
  return number < 13 ? 'info' : number < 17 ? 'warning' : number < 21 ? 'error' : 'critical'
}
