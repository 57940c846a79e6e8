// Logs as JSON, as most loggers write it: a piece, as cut by cutter.ts, is an object or a list of objects.
// record/conventions.ts has the names of their parts.
import type { UtcTime } from '../../model/instant.ts'
import { conventions } from '../record/conventions.ts'
import type { Step } from '../steps.ts'
import { requireField } from '../record/fields.ts'
import { decodeObject } from './objects.ts'
import type { Parse } from './parse.ts'
import { usualFields } from '../record/loggers.ts'
import { NameTable } from '../record/name-table.ts'
import { completed, partsOf, type Parts, type Reading } from '../record/index.ts'

export const jsonReading: Reading = { source: 'json', names: conventions }

/** How the pieces of one body are read. */
interface JsonBody {
  reading: Reading
  arrival: UtcTime
  /** Parser of the body's pieces; by default each piece is checked as a body of its own. */
  parse?: Parse
  /** Parts of logs that do not give them. */
  given?: GivenParts
}

/** Parts that a sender may give for all logs of a request. */
export type GivenParts = Pick<Parts, 'severity' | 'processName' | 'pid' | 'description'>

/** Decodes one piece of JSON; `index` is the number of its first log within the body. */
export function decodeJsonLog (piece: Buffer, index: number, body: JsonBody): Iterable<Step> {
  const { reading, arrival, parse, given } = body
  return decodeObject(piece, index, {
    source: 'json',
    own: NameTable.of(reading.names),
    read (fields) {
      const usual = usualFields(requireField(fields))
      const parts = partsOf(usual, reading, arrival)
      return completed(given ? withGiven(parts, given) : parts, usual, arrival)
    }
  }, parse)
}

function withGiven (parts: Parts, given: GivenParts): Parts {
  return {
    ...parts,
    severity: parts.severity ?? given.severity,
    processName: parts.processName ?? given.processName,
    pid: parts.pid ?? given.pid,
    description: parts.description ?? given.description
  }
}
