// GELF 1.1, Graylog's format, over HTTP: one object, several, or a list.
//
//   message   short_message; without one full_message, message
//   time      timestamp: seconds since 1970 with fractions
//   level     level, as in syslog; without one info (GELF says alert, but who leaves it out means no alarm)
//   process   _name, _process, _service, _app, facility, _container_name; without one the logger's name
//   pid       _pid, _process_id
//   description  the logger's name: _logger, _logger_name, _loggerName, _LoggerName
//
// Additional fields become attributes without their underscore, unless that name is taken. `version` is
// GELF's own and not kept. Everything else, as host and full_message, is kept by its name.
import { BadRequest } from '../errors.ts'
import type { LogRecord, UtcTime } from '../record.ts'
import type { Step } from './decoded.ts'
import { attributesOf, ownNamesOf, recordOf, rename, type Fields } from './fields.ts'
import { decodeObjects } from './json-objects.ts'

const loggerNames = ['_logger', '_logger_name', '_loggerName', '_LoggerName']

const names = {
  message: ['short_message', 'full_message', 'message'],
  time: ['timestamp'],
  level: ['level'],
  process: ['_name', '_process', '_service', '_app', 'facility', '_container_name', ...loggerNames],
  pid: ['_pid', '_process_id'],
  description: loggerNames
}

const own = ownNamesOf(names)

/** The logs of a body. */
export function decodeGelf (body: Buffer, arrival: UtcTime): Iterable<Step> {
  return decodeObjects(body, { source: 'gelf', own, read: (fields) => recordOfGelf(fields, arrival) })
}

function recordOfGelf (fields: Fields, arrival: UtcTime): LogRecord {
  const record = recordOf(fields, names, arrival)
  if (record.message === '') throw new BadRequest('short_message must be a text that is not empty')
  if (record.attributes) record.attributes = attributesOf(rename(record.attributes, ownName))
  return record
}

function ownName (name: string): string | undefined {
  if (name === 'version') return undefined
  return name.startsWith('_') ? name.slice(1) : name
}
