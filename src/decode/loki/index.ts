// Logs of Loki's push API, in JSON and in protobuf (unpacked). The labels of a stream and the structured metadata of a
// log give these parts:
//
//   severity      level, detected_level, severity, lvl: a name, or a number as in syslog and pino
//   process       service_name, or the labels from which Loki itself derives it, see below
//   pid           pid, process_pid
//   description   logger, scope_name
//
// All others are attributes; if a stream has more than 1,000 labels, they become one text, `labels`. Metadata with the
// name of a label and another value is called NAME_extracted, as in Loki. The line is the message; if it is JSON, its
// fields are the log's, see record/json-text.ts.
// Source: https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
import { BadRequest } from '../../errors.ts'
import type { UtcTime } from '../../model/instant.ts'
import type { LogRecord } from '../../model/record.ts'
import { rawOf, withoutLatin1 } from '../unpack/charset.ts'
import { stepBytes, stepSize, type Step } from '../steps.ts'
import { decodeGroupedLogs, walkToBreak, type GroupedFormat, type Walk } from '../grouped-logs.ts'
import { FieldAdder, isFields, limitAttributes, narrow, set, textOf, type Fields } from '../record/fields.ts'
import { maxLogValues } from '../limits.ts'
import { parserOf, type Parse } from '../json/parse.ts'
import { readerOf, type JsonReader } from '../json/reader.ts'
import { parseSteps } from '../json/steps.ts'
import { withJsonOfMessage } from '../record/json-text.ts'
import { parseLabels } from './labels.ts'
import { NameTable } from '../record/name-table.ts'
import { encodeBytes, FieldCount, MessageReader } from '../protobuf.ts'
import { rememberNanoseconds } from '../order.ts'
import { completed, partsOf, type Parts, type Reading } from '../record/index.ts'
import { timeOf } from '../time/index.ts'

const reading: Reading = {
  source: 'loki',
  names: {
    message: [],
    time: [],
    level: ['level', 'detected_level', 'severity', 'severity_text', 'lvl'],
    // Source: https://grafana.com/docs/loki/latest/get-started/labels/#default-labels-for-all-users
    process: [
      'service_name', 'service', 'app', 'application', 'name', 'app_kubernetes_io_name', 'container', 'container_name',
      'k8s_container_name', 'component', 'workload', 'job', 'k8s_job_name'
    ],
    pid: ['pid', 'process_pid'],
    description: ['logger', 'scope_name']
  }
}

const own = NameTable.of(reading.names)

/** Labels of a stream: each log walks all of them. Loki itself accepts 15. More are kept as one text. */
const maxLabels = 1000

/** Data that the logs of a stream share. */
interface Stream {
  labels: Fields
  /** Parts of a log without metadata. */
  parts: Parts
  /** The labels, unparsed. */
  text: string
  bytes: number
}

/** One log of a stream. */
interface Entry {
  time: unknown
  line: string
  metadata: Fields
}

interface JsonStream extends Stream {
  parse: Parse
}

/** Decodes a request. Throws TooLarge if its logs would need too much memory. */
export function decodeLoki (body: Buffer, encoding: 'json' | 'protobuf', arrival: UtcTime): Iterable<Step> {
  if (encoding === 'json') return decodeGroupedLogs(lokiJson, withoutLatin1(body), arrival)
  return decodeGroupedLogs(lokiProtobuf, body, arrival)
}

const lokiJson: GroupedFormat<JsonStream> = {
  source: 'loki-json',

  * walk (body) {
    const parse = parserOf(body)
    const reader = yield * readerOf(body, parse)
    if (!reader.isObject) throw new BadRequest('body must be a JSON object')
    for (const isObject of reader.list(['streams'])) {
      if (isObject) yield * walkJsonStream(reader, parse)
      else yield isObject === undefined ? undefined : { reason: 'streams must hold objects', raw: reader.raw() }
    }
    reader.end()
    if (!reader.walked.hasList) throw new BadRequest('body must have streams')
  },

  * read (raw, stream, arrival) {
    const entry = raw.length > stepBytes ? yield * parseSteps(raw, maxLogValues, stream.parse) : stream.parse(raw)
    if (!Array.isArray(entry)) throw new BadRequest(notAnEntry)
    const [time, line, metadata] = entry
    const all = isFields(metadata) ? metadata : {}
    const fields = raw.length > stepBytes ? yield * narrow(all, own) : all
    return recordOfEntry(stream, { time, line: textOf(line) ?? '', metadata: fields }, arrival)
  },

  wrap: ({ text }, raw) => Buffer.from(`{"streams":[{"stream":${text},"values":[${raw}]}]}`),
  textOf: rawOf
}

function * walkJsonStream (reader: JsonReader, parse: Parse): Walk<JsonStream> {
  yield
  const { stream } = yield * reader.peek('stream')
  let shared: JsonStream | undefined
  for (const isObject of reader.list(['values'], ['stream'])) {
    if (isObject === undefined) {
      yield
      continue
    }
    const raw = reader.raw()
    if (isObject) {
      yield { reason: notAnEntry, raw }
    } else {
      shared ??= { ...streamOf(isFields(stream) ? stream : {}, JSON.stringify(stream ?? {})), parse }
      yield { shared, raw }
    }
  }
  const { raw, hasList, hasOthers } = reader.walked
  if (!hasList && hasOthers) yield { reason: 'streams must have values', raw }
}

const notAnEntry = 'values must hold lists of a time, a line and, where there are any, metadata'

/** Source: https://github.com/grafana/loki/blob/main/pkg/push/push.proto */
const lokiProtobuf: GroupedFormat<Stream> = {
  source: 'loki-protobuf',

  * walk (body) {
    const reader = new MessageReader(body)
    let hasStreams = false
    while (reader.next()) {
      yield
      if (reader.field !== 1) continue
      hasStreams = true
      yield * walkToBreak(walkStream, reader.bytes())
    }
    if (!hasStreams && body.length > 0) throw new BadRequest('body must have streams')
  },

  * read (raw, stream, arrival) {
    let time: string | undefined
    let line = ''
    const metadata: Fields = {}
    const reader = new MessageReader(raw, new FieldCount())
    let fields = 0
    while (reader.next()) {
      if (++fields % stepSize === 0) yield
      if (reader.field === 1) time = readTime(reader.message())
      else if (reader.field === 2) line = reader.string()
      else if (reader.field === 3) addPair(metadata, reader.message())
    }
    const narrowed = raw.length > stepBytes ? yield * narrow(metadata, own) : metadata
    return recordOfEntry(stream, { time, line, metadata: narrowed }, arrival)
  },

  wrap: ({ text }, raw) => encodeBytes(1, Buffer.concat([encodeBytes(1, text), encodeBytes(2, raw)])),
  textOf: (bytes) => bytes.toString('base64')
}

function * walkStream (bytes: Buffer): Walk<Stream> {
  let stream: Stream | undefined
  const reader = new MessageReader(bytes)
  while (reader.next()) {
    if (reader.field === 2) {
      yield { shared: stream ??= streamOf({}, '{}'), raw: reader.bytes() }
      continue
    }
    yield
    if (reader.field !== 1) continue
    const labels = reader.string()
    stream = streamOf(parseLabels(labels), labels)
  }
}

/** Reads a Timestamp as nanoseconds since 1970; undefined for 0, which means none. */
function readTime (reader: MessageReader): string | undefined {
  let seconds = 0n
  let nanoseconds = 0n
  while (reader.next()) {
    if (reader.field === 1) seconds = BigInt(reader.integer())
    else if (reader.field === 2) nanoseconds = BigInt(reader.integer())
  }
  return seconds === 0n && nanoseconds === 0n ? undefined : String(seconds * 1_000_000_000n + nanoseconds)
}

function addPair (metadata: Fields, reader: MessageReader): void {
  let name = ''
  let value = ''
  while (reader.next()) {
    if (reader.field === 1) name = reader.string()
    else if (reader.field === 2) value = reader.string()
  }
  set(metadata, name, value)
}

function streamOf (given: Fields, text: string): Stream {
  const labels = Object.keys(given).length > maxLabels ? { labels: text } : given
  return { labels, parts: partsOf(labels, reading, ''), text, bytes: text.length }
}

function recordOfEntry (stream: Stream, { time, line, metadata }: Entry, arrival: UtcTime): LogRecord {
  const { labels, parts: shared } = stream
  let all: Fields | undefined
  for (const name of Object.keys(metadata)) {
    const isLabel = Object.hasOwn(labels, name)
    if (isLabel && labels[name] === metadata[name]) continue
    // Several times as fast as spreading them.
    all ??= Object.assign({}, labels)
    set(all, isLabel ? `${name}_extracted` : name, metadata[name])
  }
  const eventAt = timeOf(time, arrival)
  const parts = all ? partsOf(all, reading, arrival) : { ...shared }
  parts.eventAt = eventAt
  parts.message = line
  const record = completed(withJsonOfMessage(parts, 'loki', arrival), all ?? labels, arrival)
  const isGiven = time !== undefined && time !== null && time !== ''
  if (eventAt === undefined && isGiven) record.attributes = withField(record.attributes, 'time', time)
  rememberNanoseconds(record, time)
  return record
}

function withField (fields: Fields | null, name: string, value: unknown): Fields {
  const all = { ...fields }
  new FieldAdder(all).add(name, value)
  return limitAttributes(all)
}
