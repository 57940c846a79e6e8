// Logs as Datadog's clients and agents send them: one object, several, or a list; or lines of text.
//
//   message   message; of JSON in its text what that tells, see record/json-text.ts
//   time      timestamp, date, _timestamp, eventTime, published_date
//   level     status, severity, level, syslog.severity: a name, also ok and success, which are info; the number of a
//             status is syslog's, 0 to 7, for that of HTTP is no level
//   process   service, syslog.appname; without one and without a logger ddsource, which is kept, too
//
// After these come the names of conventions.ts.
//
// `ddtags`, as `env:dev,team:a`, becomes an object; a tag without a value is true, one that comes
// several times is a list; more than 10,000 tags, or 65,536 characters of them, stay a text. Everything else is kept by
// its name.
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

/** The logs of a body of JSON. `given` holds for those that do not say it themselves; its tags are added to theirs. */
export function * decodeDatadog (body: Buffer, arrival: UtcTime, given: Fields = {}): Generator<Step, void, void> {
  // The agent asks so whether somebody listens.
  if (/^\s*(\{\s*\})?\s*$/.test(body.toString('latin1', 0, 20))) return
  yield * decodeObjects(body, { source: 'datadog', own, read: (fields) => recordOfDatadog(requireField(fields), given, arrival) })
}

/** The logs of a body of text. */
export function decodeDatadogText (body: Buffer, arrival: UtcTime, given: Fields = {}): Iterable<Step> {
  return decodeTextBody(body, (json) => decodeDatadog(json, arrival, given), (line) => recordOfDatadog(fieldsOfLine(line), given, arrival))
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

/** Characters of tags that are kept apart. */
const maxTagsLength = 64 * 1024

/** Null where there is none; the text itself where they are too many to be kept one by one. */
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
  return attributesOf(Object.fromEntries(Array.from(tags, ([name, values]) => [name, values.length === 1 ? values[0] : values])))
}
