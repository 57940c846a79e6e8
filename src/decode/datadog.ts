// Logs of Datadog's clients and agents: one object, several, or a list; or lines of text.
//
//   message   message; if it is JSON, its fields are the log's, see record/json-text.ts
//   time      timestamp, date, _timestamp, eventTime, published_date
//   level     status, severity, level, syslog.severity: a name, where ok and success are info; a number is a level of
//             syslog, 0 to 7, because a status may be that of HTTP
//   process   service, syslog.appname; without one and without a logger ddsource, which is also kept as an attribute
//
// After these come the names of conventions.ts.
//
// `ddtags`, such as `env:dev,team:a`, becomes an object: a tag without a value is true, a repeated tag is a list. More
// than 10,000 tags, or more than 65,536 characters, stay one text. All other fields are attributes.
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { conventions } from './record/conventions.ts'
import type { Step } from './steps.ts'
import { attributesOf, nameOf, noProcess, requireField, type Fields } from './record/fields.ts'
import { maxAttributes } from './limits.ts'
import { decodeObjects } from './json/objects.ts'
import { fieldsOfLine } from './record/container-line.ts'
import { withJsonOfMessage } from './record/json-text.ts'
import { usualFields } from './record/loggers.ts'
import { NameTable } from './record/name-table.ts'
import { completed, partsOf, type Reading } from './record/index.ts'
import { decodeTextBody } from './text-body.ts'

const reading: Reading = {
  source: 'datadog',
  names: {
    ...conventions,
    message: ['message', ...conventions.message],
    time: ['timestamp', 'date', '_timestamp', 'eventTime', 'published_date', ...conventions.time],
    level: ['status', 'severity', 'level', 'syslog.severity', ...conventions.level],
    process: ['service', 'syslog.appname', ...conventions.process]
  }
}

const own = { has: (name: string) => name === 'ddtags' || name === 'ddsource' || NameTable.of(reading.names).has(name) }

/** Decodes a body of JSON. `given` are the defaults of the logs' fields; its tags are added to those of each log. */
export function * decodeDatadog (body: Buffer, arrival: UtcTime, given: Fields = {}): Generator<Step, void, void> {
  // With such a body the agent tests the connection.
  if (/^\s*(\{\s*\})?\s*$/.test(body.toString('latin1', 0, 20))) return
  yield * decodeObjects(body, {
    source: 'datadog',
    own,
    read: (fields) => recordOfDatadog(requireField(fields), given, arrival)
  })
}

/** Decodes a body of text. */
export function decodeDatadogText (body: Buffer, arrival: UtcTime, given: Fields = {}): Iterable<Step> {
  return decodeTextBody(
    body,
    (json) => decodeDatadog(json, arrival, given),
    (line) => recordOfDatadog(fieldsOfLine(line), given, arrival)
  )
}

function recordOfDatadog (fields: Fields, given: Fields, arrival: UtcTime): LogRecord {
  const all = usualFields(Object.assign({}, given, fields))
  const record = completed(withJsonOfMessage(partsOf(all, reading, arrival), 'datadog', arrival), all, arrival)
  const { attributes } = record
  if (attributes === null) return record
  if (record.processName === noProcess) record.processName = nameOf(attributes.ddsource) ?? noProcess

  const tags = [fields.ddtags, given.ddtags].filter((tags) => tags !== undefined)
  if (tags.every((tags) => typeof tags === 'string')) {
    const parsed = parseTags(tags.join(','))
    if (parsed) attributes.ddtags = parsed
    else delete attributes.ddtags
  }
  record.attributes = attributesOf(attributes)
  return record
}

function parseTags (text: string): Fields | string | null {
  // The logs of a sender share their tags.
  if (text !== lastText) {
    lastTags = readTags(text)
    lastText = text
  }
  return lastTags
}

let lastText = ''
let lastTags: Fields | string | null = null

/** Characters of tags that become an object. */
const maxTagsLength = 64 * 1024

/** Parses tags; null for none, the text itself if they are too many to become an object. */
function readTags (text: string): Fields | string | null {
  if (text.length > maxTagsLength) return text
  const tags = new Map<string, Array<string | true>>()
  let count = 0
  for (let start = 0; start < text.length;) {
    const comma = text.indexOf(',', start)
    const end = comma === -1 ? text.length : comma
    const tag = text.slice(start, end).trim()
    start = end + 1
    if (tag === '') continue
    if (++count > maxAttributes) return text
    const colon = tag.indexOf(':')
    const name = colon > 0 ? tag.slice(0, colon) : tag
    const value = colon > 0 ? tag.slice(colon + 1) : true
    const values = tags.get(name)
    if (values) values.push(value)
    else tags.set(name, [value])
  }
  const fields = Array.from(tags, ([name, values]) => [name, values.length === 1 ? values[0] : values] as const)
  return attributesOf(Object.fromEntries(fields))
}
