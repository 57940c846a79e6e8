// Under which names loggers give what a record is made of. docs/protocols.md has the same table.
//
// Names are compared in lower case. One with dots is a field of that name, or of objects within each other. What a log
// holds within one of the `containers` counts like its own, after everything that stands outside of them.
import type { Scale } from '../severity/index.ts'

/**
 * The parts of a record that a log may give, each with its names: the first whose value is of the part's kind counts.
 */
export interface FieldNames {
  message: readonly string[]
  time: readonly string[]
  level: readonly string[]
  process: readonly string[]
  pid: readonly string[]
  /** The logger; it stands for a process that has no name. */
  description: readonly string[]
}

/** In the order in which they are looked for: a number as the process is its id. */
export const parts = ['level', 'time', 'message', 'pid', 'description', 'process'] as const

export type Part = typeof parts[number]

/** First of the payloads, the last of the containers. */
export const firstPayload = 'record'

/**
 * Objects whose fields count as the log's own, after all fields outside of them. The payloads among them do so only if
 * the message is in them; else they are what the log is about: a request's body may have a `name`.
 */
export const containers = [
  'fields', 'attributes', 'properties', 'attrs',
  firstPayload, 'event', 'body', 'jsonpayload', 'message', 'data', 'payload', 'json'
]

/** Where a log says which logger wrote it. */
const loggerNames = [
  'logger', 'logger_name', 'loggername', 'log.logger', 'logger.name', 'sourcecontext', 'category', 'categoryname',
  'channel', 'target', '_systemd_unit'
]

export const conventions: FieldNames = {
  message: [
    'msg', 'message', '@m', 'renderedmessage', 'rendered_message', 'short_message', 'log', 'text', 'event', 'body',
    'textpayload', 'line', 'content', 'data',
    'full_message', '@mt', 'messagetemplate', '@x', 'exception.message', 'error.message', 'err.message', '0'
  ],
  time: [
    'time', 'timestamp', '@timestamp', 'ts', 'date', 'datetime', '@t', 'asctime', 'eventtime', 'event_time',
    'time_iso8601', 'isodate', '_time', 'created', 'starttime', 'start_time', 'startutc',
    'instant', 'timemillis', 'time_unix_nano', 'timeunixnano', 'requestreceivedtimestamp', 't', 'time_local',
    '__realtime_timestamp', '_source_realtime_timestamp', '_timestamp', 'published_date', 'created_at',
    'receivetimestamp',
    '_meta.date'
  ],
  // A name beside a number goes before it.
  level: [
    'level_name', 'levelname', 'loglevelname', 'level.levelstr', 'severity_text', 'severitytext', 'level',
    'severity', 'lvl', 'log.level', 'loglevel', 'log_level', '@l', 'error_severity',
    'priority', 'log.syslog.severity.name', 'log.syslog.severity.code', 'syslog.severity', 'level_value', 'levelno',
    'severity_number', 'severitynumber', '_meta.loglevelname'
  ],
  process: [
    'name', 'process', 'process_name', 'service', 'service.name', 'service_name', 'servicename', 'process.name',
    'app', 'application', 'appname', 'app_name', 'applicationname', 'application_name',
    'program', 'syslog_identifier', '_comm', 'ident', 'container_name', 'kubernetes.container_name',
    'container.name', 'docker.container_name', 'tag', 'resource.service.name', '_meta.name'
  ],
  pid: ['pid', 'process.pid', 'process_id', 'processid', 'process.id', '_pid', 'syslog_pid', 'procid', 'process'],
  description: loggerNames
}

/** What the number of a level means by the name that it stands under; else its size tells. */
export const scalesOfNames: Readonly<Record<string, Scale>> = {
  status: 'syslog',
  priority: 'syslog',
  'syslog.severity': 'syslog',
  'log.syslog.severity.code': 'syslog',
  level_value: 'log4j',
  levelno: 'python',
  severity_number: 'otlp',
  severitynumber: 'otlp'
}

/** Of these a value that is no text counts, too, as its JSON. */
export const anyValueNames: ReadonlySet<string> = new Set(['msg', 'message', '@m', 'short_message'])

/** What Docker and others take from a program's output ends as its line did. */
export const lineNames: ReadonlySet<string> = new Set(['log', 'line', 'text'])
