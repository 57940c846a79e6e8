// Logs as JSON, as most loggers write it: a piece is an object, as json-cutter.ts cuts them, or a list
// of objects.
//
//   message   msg, message, log, text                    any other value than a string as its JSON
//   time      time, timestamp, @timestamp, ts, date      ISO 8601, or a number since 1970 in s, ms, µs or ns
//   level     level, severity, lvl, log.level            a name, or a number as in pino and bunyan (10 to 60) or syslog (0 to 7)
//   process   name, logger, process, service, service.name, process.name
//   pid       pid, process.pid
//
// Of several names the first that holds something of its kind counts. Everything else, and whatever
// can't be read as what its name says, is kept as attributes.
import { BadRequest } from '../errors.ts'
import type { Rejected, UtcTime } from '../record.ts'
import type { Piece } from './decoded.ts'
import { isFields, recordOf, type FieldNames } from './fields.ts'
import { parseJson } from './json.ts'

export const jsonNames: FieldNames = {
  message: ['msg', 'message', 'log', 'text'],
  time: ['time', 'timestamp', '@timestamp', 'ts', 'date'],
  level: ['level', 'severity', 'lvl', 'log.level'],
  process: ['name', 'logger', 'process', 'service', 'service.name', 'process.name'],
  pid: ['pid', 'process.pid'],
  description: []
}

/**
 * The logs of one piece of JSON, its first one being so many of all. What is none is rejected: where the
 * piece is no JSON and its last line begins as an object does, that line is a piece of its own.
 */
export function * decodeJsonLog (piece: Buffer, index: number, names: FieldNames, arrival: UtcTime): Generator<Piece, void, void> {
  let value: unknown
  try {
    value = parseJson(piece)
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    const lineBreak = piece.lastIndexOf('\n{')
    if (lineBreak === -1) return yield reject(index, error.message, piece.toString())
    yield reject(index, error.message, piece.toString('utf8', 0, lineBreak))
    yield * decodeJsonLog(piece.subarray(lineBreak + 1), index + 1, names, arrival)
    return
  }
  if (!Array.isArray(value)) return yield isFields(value) ? recordOf(value, names, arrival) : reject(index, notAnObject, piece.toString())
  for (const [offset, log] of value.entries()) yield isFields(log) ? recordOf(log, names, arrival) : reject(index + offset, notAnObject, JSON.stringify(log))
}

const notAnObject = 'a log must be a JSON object'

function reject (index: number, reason: string, raw: string): Rejected {
  return { source: 'json', index, reason, raw }
}
