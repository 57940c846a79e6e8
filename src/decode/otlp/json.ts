// ExportLogsServiceRequest as JSON. Names are in lowerCamelCase, ids in hex, whole numbers of 64 bits are
// texts or numbers; unknown names are ignored. The names of protobuf, in snake_case, are read as well, as JSON of
// protobuf demands: https://protobuf.dev/programming-guides/json/#field-names
// Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import { BadRequest } from '../../errors.ts'
import { rawOf } from '../unpack/charset.ts'
import { stepBytes } from '../steps.ts'
import type { GroupedFormat, Walk } from '../grouped-logs.ts'
import { isFields, type Fields } from '../record/fields.ts'
import { maxLogValues } from '../limits.ts'
import { parserOf, type Parse } from '../json/parse.ts'
import { readerOf, type JsonReader } from '../json/reader.ts'
import { parseSteps } from '../json/steps.ts'
import { originOfResource, recordOfOtlp, withScope, type Origin, type OtlpLog, type OtlpSource } from './log.ts'

/** What a log shares with others, and its resource and scope as they came. */
interface Shared {
  origin: Origin
  resource: string
  scope: string
  bytes: number
  parse: Parse
}

export const otlpJson: GroupedFormat<Shared> = {
  source: 'otlp-json',
  walk,
  * read (raw, { origin, parse }, arrival) {
    const log = raw.length > stepBytes ? yield * parseSteps(raw, maxLogValues, parse) : parse(raw)
    return recordOfOtlp(readLog(log as Fields), origin, arrival)
  },
  wrap: ({ resource, scope }, raw) => Buffer.from(`{"resourceLogs":[{"resource":${resource},"scopeLogs":[{"scope":${scope},"logRecords":[${raw}]}]}]}`),
  textOf: rawOf
}

function * walk (body: Buffer): Walk<Shared> {
  const parse = parserOf(body)
  const reader = yield * readerOf(body, parse)
  if (!reader.isObject) throw new BadRequest('body must be a JSON object')
  // It mostly stands after all logs, and most bodies have none: to look for it there in vain would cost more than all
  // else.
  const schemaUrls = schemaUrlNames.filter((name) => body.includes(`"${name}"`))
  for (const isObject of reader.list(['resourceLogs', 'resource_logs'])) {
    if (isObject) yield * walkResource(reader, schemaUrls, parse)
    else yield isObject === undefined ? undefined : { reason: 'resourceLogs must hold objects', raw: reader.raw() }
  }
  reader.end()
  if (!reader.walked.hasList) throw new BadRequest('body must have resourceLogs')
}

const schemaUrlNames = ['schemaUrl', 'schema_url']

function * walkResource (reader: JsonReader, schemaUrls: readonly string[], parse: Parse): Walk<Shared> {
  yield
  const ofResource = yield * reader.peek('resource', ...schemaUrls)
  let origin: Origin | undefined
  let resource = ''
  for (const isObject of reader.list(['scopeLogs', 'scope_logs'], ['resource', ...schemaUrlNames])) {
    if (isObject) {
      if (!origin) {
        origin = originOfResource(sourceOf(ofResource.resource, schemaUrlOf(ofResource)))
        resource = JSON.stringify(ofResource.resource ?? {})
      }
      yield * walkScope(reader, schemaUrls, origin, resource, parse)
    } else {
      yield isObject === undefined ? undefined : { reason: 'scopeLogs must hold objects', raw: reader.raw() }
    }
  }
  const { raw, hasList, hasOthers } = reader.walked
  if (!hasList && hasOthers) yield { reason: 'resourceLogs must have scopeLogs', raw }
}

function * walkScope (reader: JsonReader, schemaUrls: readonly string[], ofResource: Origin, resource: string, parse: Parse): Walk<Shared> {
  yield
  const ofScope = yield * reader.peek('scope', ...schemaUrls)
  let shared: Shared | undefined
  for (const isObject of reader.list(['logRecords', 'log_records'], ['scope', ...schemaUrlNames])) {
    if (isObject === undefined) {
      yield
      continue
    }
    const raw = reader.raw()
    if (isObject) yield { shared: shared ??= sharedOf(ofScope, ofResource, resource, parse), raw }
    else yield { reason: 'logRecords must hold objects', raw }
  }
  const { raw, hasList, hasOthers } = reader.walked
  if (!hasList && hasOthers) yield { reason: 'scopeLogs must have logRecords', raw }
}

function schemaUrlOf (fields: Fields): unknown {
  return fields.schemaUrl ?? fields.schema_url
}

function sharedOf (ofScope: Fields, ofResource: Origin, resource: string, parse: Parse): Shared {
  const scope = JSON.stringify(ofScope.scope ?? {})
  return { origin: withScope(ofResource, sourceOf(ofScope.scope, schemaUrlOf(ofScope))), resource, scope, bytes: resource.length + scope.length, parse }
}

function readLog (log: Fields): OtlpLog {
  return {
    time: nanosecondsOf(log.timeUnixNano ?? log.time_unix_nano),
    observedTime: nanosecondsOf(log.observedTimeUnixNano ?? log.observed_time_unix_nano),
    severityNumber: severityOfJson(log.severityNumber ?? log.severity_number),
    severityText: textOf(log.severityText ?? log.severity_text),
    body: valueOf(log.body),
    attributes: fieldsOf(log.attributes),
    droppedAttributes: log.droppedAttributesCount ?? log.dropped_attributes_count,
    flags: log.flags,
    traceId: textOf(log.traceId ?? log.trace_id)?.toLowerCase(),
    spanId: textOf(log.spanId ?? log.span_id)?.toLowerCase(),
    eventName: textOf(log.eventName ?? log.event_name)
  }
}

function sourceOf (value: unknown, schemaUrl: unknown): OtlpSource {
  const source = isFields(value) ? value : {}
  return {
    name: textOf(source.name),
    version: textOf(source.version),
    schemaUrl: textOf(schemaUrl),
    attributes: fieldsOf(source.attributes),
    droppedAttributes: source.droppedAttributesCount ?? source.dropped_attributes_count
  }
}

function textOf (value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function nanosecondsOf (value: unknown): bigint | undefined {
  const digits = typeof value === 'string' || typeof value === 'number' ? /^\d{1,20}$/.exec(String(value)) : null
  return digits ? BigInt(digits[0]) || undefined : undefined
}

/** Out of a list of KeyValue. */
function fieldsOf (list: unknown): Fields {
  return Array.isArray(list) ? Object.fromEntries(list.filter(isFields).map(({ key, value }) => [String(key ?? ''), valueOf(value)])) : {}
}

/** Out of an AnyValue. What is none is kept as it is. */
function valueOf (value: unknown): unknown {
  if (!isFields(value)) return value ?? null
  if (value.stringValue !== undefined) return value.stringValue
  if (value.intValue !== undefined) return numberOf(value.intValue, Number.isSafeInteger)
  if (value.boolValue !== undefined) return value.boolValue
  if (value.doubleValue !== undefined) return numberOf(value.doubleValue, Number.isFinite)
  if (value.arrayValue !== undefined) return listOf(value.arrayValue).map(valueOf)
  if (value.kvlistValue !== undefined) return fieldsOf(listOf(value.kvlistValue))
  if (value.bytesValue !== undefined) return value.bytesValue
  const [name, ...others] = Object.keys(value)
  if (name === undefined) return null
  const kind = others.length === 0 && Object.hasOwn(valueNames, name) ? valueNames[name] : undefined
  return kind === undefined ? value : valueOf({ [kind]: value[name] })
}

/** The kinds of an AnyValue as protobuf names them. */
const valueNames: Record<string, string> = {
  string_value: 'stringValue',
  int_value: 'intValue',
  bool_value: 'boolValue',
  double_value: 'doubleValue',
  array_value: 'arrayValue',
  kvlist_value: 'kvlistValue',
  bytes_value: 'bytesValue'
}

function listOf (value: unknown): unknown[] {
  return isFields(value) && Array.isArray(value.values) ? value.values : []
}

/** The number that a text holds, where a double can; else the text. */
function numberOf (value: unknown, fits: (number: number) => boolean): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value
  const number = Number(value)
  return fits(number) ? number : value
}

/** A number, or a name of the enum, as JSON of protobuf has both. */
function severityOfJson (value: unknown): number | string | undefined {
  return typeof value === 'number' || typeof value === 'string' ? value : undefined
}
