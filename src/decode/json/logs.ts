// Logs as JSON, as most loggers write it: a piece, as cut by cutter.ts, is an object or a list of objects.
// record/conventions.ts has the names of their parts.
import type { UtcTime } from '../../model/instant.ts'
import { conventions } from '../record/conventions.ts'
import type { Step } from '../steps.ts'
import { requireField } from '../record/fields.ts'
import { decodeObject } from './objects.ts'
import { parseJson } from './parse.ts'
import { usualFields } from '../record/loggers.ts'
import { NameTable } from '../record/name-table.ts'
import { recordOf, type Reading } from '../record/index.ts'

export const jsonReading: Reading = { source: 'json', names: conventions }

/** The logs of one piece of JSON, its first one being so many of all. */
export function decodeJsonLog (piece: Buffer, index: number, reading: Reading, arrival: UtcTime, parse = parseJson): Iterable<Step> {
  return decodeObject(piece, index, { source: 'json', own: NameTable.of(reading.names), read: (fields) => recordOf(usualFields(requireField(fields)), reading, arrival) }, parse)
}
