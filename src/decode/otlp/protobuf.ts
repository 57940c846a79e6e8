// ExportLogsServiceRequest in protobuf, read one log at a time.
// Source: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
import { BadRequest } from '../../errors.ts'
import { stepSize } from '../steps.ts'
import { walkToBreak, type GroupedFormat, type Walk } from '../grouped-logs.ts'
import { set, type Fields } from '../record/fields.ts'
import { originOfResource, recordOfOtlp, withScope, type Origin, type OtlpLog, type OtlpSource } from './log.ts'
import { encodeBytes, FieldCount, MessageReader } from '../protobuf.ts'

/** Levels of a value: the limit of protobuf's own decoders. */
const maxDepth = 100

const nothing = Buffer.alloc(0)

/** Data that the logs of a scope share, with the bytes of their resource and scope. */
interface Shared {
  origin: Origin
  resource: Buffer
  scope: Buffer
  bytes: number
}

export const otlpProtobuf: GroupedFormat<Shared> = {
  source: 'otlp-protobuf',
  walk,
  * read (raw, { origin }, arrival) {
    return recordOfOtlp(yield * readLog(raw), origin, arrival)
  },

  wrap ({ resource, scope }, raw) {
    const scopeLogs = Buffer.concat([encodeBytes(1, scope), encodeBytes(2, raw)])
    return encodeBytes(1, Buffer.concat([encodeBytes(1, resource), encodeBytes(2, scopeLogs)]))
  },

  textOf: (bytes) => bytes.toString('base64')
}

function * walk (body: Buffer): Walk<Shared> {
  const request = new MessageReader(body)
  let hasLogs = false
  while (request.next()) {
    yield
    if (request.field !== 1) continue
    hasLogs = true
    yield * walkToBreak(walkResource, request.bytes())
  }
  // An empty body is a request without logs.
  if (!hasLogs && body.length > 0) throw new BadRequest('body must have resource_logs')
}

function * walkResource (resourceLogs: Buffer): Walk<Shared> {
  const resource = yield * describedBy(resourceLogs)
  let origin: Origin | undefined
  const reader = new MessageReader(resourceLogs)
  while (reader.next()) {
    yield
    if (reader.field !== 2) continue
    const ofResource = origin ??= originOfResource(yield * readResource(resource))
    yield * walkToBreak((scopeLogs) => walkScope(scopeLogs, ofResource, resource.bytes), reader.bytes())
  }
}

function * walkScope (scopeLogs: Buffer, ofResource: Origin, resource: Buffer): Walk<Shared> {
  const scope = yield * describedBy(scopeLogs)
  let shared: Shared | undefined
  const reader = new MessageReader(scopeLogs)
  while (reader.next()) {
    if (reader.field !== 2) {
      yield
      continue
    }
    shared ??= {
      origin: withScope(ofResource, yield * readScope(scope)),
      resource,
      scope: scope.bytes,
      bytes: resource.length + scope.bytes.length
    }
    yield { shared, raw: reader.bytes() }
  }
}

/** The resource of a ResourceLogs, or the scope of a ScopeLogs, with its schema URL. */
interface Described {
  bytes: Buffer
  schemaUrl: string
}

/** Finds the resource or scope of a message; if the message breaks off, in the part before the break. */
function * describedBy (message: Buffer): Generator<undefined, Described, void> {
  const described: Described = { bytes: nothing, schemaUrl: '' }
  const reader = new MessageReader(message)
  let fields = 0
  try {
    while (reader.next()) {
      if (++fields % stepSize === 0) yield
      if (reader.field === 1) described.bytes = reader.bytes()
      else if (reader.field === 3) described.schemaUrl = reader.string()
    }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
  }
  return described
}

function * readResource ({ bytes, schemaUrl }: Described): Generator<undefined, OtlpSource, void> {
  const resource: OtlpSource = { attributes: {}, schemaUrl }
  const reader = new MessageReader(bytes, new FieldCount())
  let fields = 0
  while (reader.next()) {
    if (++fields % stepSize === 0) yield
    if (reader.field === 1) addKeyValue(resource.attributes, reader.message())
    else if (reader.field === 2) resource.droppedAttributes = reader.integer()
  }
  return resource
}

function * readScope ({ bytes, schemaUrl }: Described): Generator<undefined, OtlpSource, void> {
  const scope: OtlpSource = { attributes: {}, schemaUrl }
  const reader = new MessageReader(bytes, new FieldCount())
  let fields = 0
  while (reader.next()) {
    if (++fields % stepSize === 0) yield
    switch (reader.field) {
      case 1: scope.name = reader.string(); break
      case 2: scope.version = reader.string(); break
      case 3: addKeyValue(scope.attributes, reader.message()); break
      case 4: scope.droppedAttributes = reader.integer(); break
    }
  }
  return scope
}

function * readLog (raw: Buffer): Generator<undefined, OtlpLog, void> {
  const log: OtlpLog = { attributes: {} }
  const reader = new MessageReader(raw, new FieldCount())
  let fields = 0
  while (reader.next()) {
    if (++fields % stepSize === 0) yield
    switch (reader.field) {
      case 1: log.time = reader.fixed64() || undefined; break
      case 2: log.severityNumber = Number(reader.integer()); break
      case 3: log.severityText = reader.string(); break
      case 5: log.body = readValue(reader.message()); break
      case 6: addKeyValue(log.attributes, reader.message()); break
      case 7: log.droppedAttributes = reader.integer(); break
      case 8: log.flags = reader.fixed32(); break
      case 9: log.traceId = reader.bytes().toString('hex'); break
      case 10: log.spanId = reader.bytes().toString('hex'); break
      case 11: log.observedTime = reader.fixed64() || undefined; break
      case 12: log.eventName = reader.string(); break
    }
  }
  return log
}

/** Adds the field of a KeyValue. */
function addKeyValue (fields: Fields, reader: MessageReader, depth = 0): void {
  let key = ''
  let value: unknown = null
  while (reader.next()) {
    if (reader.field === 1) key = reader.string()
    else if (reader.field === 2) value = readValue(reader.message(), depth)
  }
  set(fields, key, value)
}

/** Reads an AnyValue that is nested in `depth` others. */
function readValue (reader: MessageReader, depth = 0): unknown {
  if (depth > maxDepth) throw new BadRequest(`a value must not be nested deeper than ${maxDepth} levels`)
  let value: unknown = null
  while (reader.next()) {
    switch (reader.field) {
      case 1: value = reader.string(); break
      case 2: value = reader.integer() !== 0; break
      case 3: value = reader.integer(); break
      case 4: value = jsonNumber(reader.double()); break
      case 5: value = readList(reader.message(), depth); break
      case 6: value = readMap(reader.message(), depth); break
      case 7: value = reader.bytes().toString('base64'); break
    }
  }
  return value
}

function readList (reader: MessageReader, depth: number): unknown[] {
  const list: unknown[] = []
  while (reader.next()) {
    if (reader.field === 1) list.push(readValue(reader.message(), depth + 1))
  }
  return list
}

function readMap (reader: MessageReader, depth: number): Fields {
  const map: Fields = {}
  while (reader.next()) {
    if (reader.field === 1) addKeyValue(map, reader.message(), depth + 1)
  }
  return map
}

/** JSON has no NaN and no Infinity. */
function jsonNumber (number: number): number | string {
  return Number.isFinite(number) ? number : String(number)
}
