// Logs as JSON, as most loggers write it: a piece is an object, as json-cutter.ts cuts them, or a list
// of objects.
//
//   message   msg, message, log, text                    any other value than a string as its JSON
//   time      time, timestamp, @timestamp, ts, date      ISO 8601, or a number since 1970 in s, ms, µs or ns
//   level     level, severity, lvl, log.level            a name, or a number as in pino and bunyan (10 to 60) or syslog (0 to 7)
//   process   name, process, service, service.name, process.name; without one the logger's name
//   pid       pid, process.pid
//   description  the logger's name: logger, logger_name, loggerName, log.logger
//
// Of several names the first that holds something of its kind counts. Everything else, and whatever
// can't be read as what its name says, is kept as attributes.
import type { UtcTime } from '../record.ts'
import type { Step } from './decoded.ts'
import { ownNamesOf, recordOf, type FieldNames } from './fields.ts'
import { decodeObject } from './json-objects.ts'
import { parseJson } from './json.ts'

/** Where a log says which logger wrote it. */
export const loggerNames = ['logger', 'logger_name', 'loggerName', 'log.logger']

export const jsonNames: FieldNames = {
  message: ['msg', 'message', 'log', 'text'],
  time: ['time', 'timestamp', '@timestamp', 'ts', 'date'],
  level: ['level', 'severity', 'lvl', 'log.level'],
  process: ['name', 'process', 'service', 'service.name', 'process.name', ...loggerNames],
  pid: ['pid', 'process.pid'],
  description: loggerNames
}

/** Those of all these roles. */
export const jsonOwnNames = ownNamesOf(jsonNames)

/** The logs of one piece of JSON, its first one being so many of all. */
export function decodeJsonLog (piece: Buffer, index: number, names: FieldNames, arrival: UtcTime, parse = parseJson): Iterable<Step> {
  return decodeObject(piece, index, { source: 'json', own: names === jsonNames ? jsonOwnNames : ownNamesOf(names), read: (fields) => recordOf(fields, names, arrival) }, parse)
}
