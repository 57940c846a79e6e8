// ExportLogsServiceRequest as JSON. Names are in lowerCamelCase, ids in hex, 64-bit integers are strings or numbers;
// unknown names are ignored. The snake_case names of protobuf are accepted too, as its JSON mapping requires:
// https://protobuf.dev/programming-guides/json/#field-names
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

/** A request, and how its parts are parsed. */
interface Request {
  reader: JsonReader
  parse: Parse
  /** Names of the schema URL that occur in the request. */
  schemaUrls: readonly string[]
}

/** Data that the logs of a scope share, with the JSON of their resource and scope. */
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
  wrap ({ resource, scope }, raw) {
    const scopeLogs = `{"scope":${scope},"logRecords":[${raw}]}`
    return Buffer.from(`{"resourceLogs":[{"resource":${resource},"scopeLogs":[${scopeLogs}]}]}`)
  },
  textOf: rawOf
}

function * walk (body: Buffer): Walk<Shared> {
  const parse = parserOf(body)
  const reader = yield * readerOf(body, parse)
  if (!reader.isObject) throw new BadRequest('body must be a JSON object')
  // Most bodies have no schema URL, and the others have it after all logs: a peek for a missing one would read every
  // log, and cost more than all else.
  const schemaUrls = schemaUrlNames.filter((name) => body.includes(`"${name}"`))
  const request = { reader, parse, schemaUrls }
  for (const isObject of reader.list(['resourceLogs', 'resource_logs'])) {
    if (isObject) yield * walkResource(request)
    else yield isObject === undefined ? undefined : { reason: 'resourceLogs must hold objects', raw: reader.raw() }
  }
  reader.end()
  if (!reader.walked.hasList) throw new BadRequest('body must have resourceLogs')
}

const schemaUrlNames = ['schemaUrl', 'schema_url']

function * walkResource (request: Request): Walk<Shared> {
  const { reader, schemaUrls } = request
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
      yield * walkScope(request, origin, resource)
    } else {
      yield isObject === undefined ? undefined : { reason: 'scopeLogs must hold objects', raw: reader.raw() }
    }
  }
  const { raw, hasList, hasOthers } = reader.walked
  if (!hasList && hasOthers) yield { reason: 'resourceLogs must have scopeLogs', raw }
}

function * walkScope ({ reader, parse, schemaUrls }: Request, ofResource: Origin, resource: string): Walk<Shared> {
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
  const origin = withScope(ofResource, sourceOf(ofScope.scope, schemaUrlOf(ofScope)))
  return { origin, resource, scope, bytes: resource.length + scope.length, parse }
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

/** Fields of a list of KeyValue. */
function fieldsOf (list: unknown): Fields {
  if (!Array.isArray(list)) return {}
  return Object.fromEntries(list.filter(isFields).map(({ key, value }) => [String(key ?? ''), valueOf(value)]))
}

/** Value of an AnyValue; any other value is kept as it is. */
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

/** The kinds of an AnyValue, by their names in protobuf. */
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

/** The number of a text, if a double can hold it; else the text. */
function numberOf (value: unknown, fits: (number: number) => boolean): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value
  const number = Number(value)
  return fits(number) ? number : value
}

/** A number, or a name of the enum: protobuf's JSON mapping allows both. */
function severityOfJson (value: unknown): number | string | undefined {
  return typeof value === 'number' || typeof value === 'string' ? value : undefined
}
