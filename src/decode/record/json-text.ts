// JSON that a program wrote into the text of a message which has a header of its own, as winston-syslog, pino-syslog
// and nginx (`escape=json`) do; also behind the cookie of CEE, `@cee:`.
//
// Source: https://cee.mitre.org/language/1.0-beta1/clt.html, section 6.
import { BadRequest, TooLarge } from '../../errors.ts'
import type { UtcTime } from '../../model/instant.ts'
import { conventions } from './conventions.ts'
import { stepBytes } from '../decoded.ts'
import { isFields, narrow, type Fields } from './fields.ts'
import { maxLogValues } from '../limits.ts'
import { jsonReading } from '../json/logs.ts'
import { parseSteps } from '../json/steps.ts'
import { usualFields } from './loggers.ts'
import { NameTable } from './name-table.ts'
import { partsOf, withNames, type Parts, type Reading } from './index.ts'

/** Which parts the header told: what the JSON says of a time or a description stays an attribute then. */
export interface KnownParts {
  time: boolean
  description: boolean
  process: boolean
}

/** The field in which a log in JSON shows whose it is: a random token, of which the log has nothing. */
export const tokenField = '_loggerbot_token'

const jsonStart = /^(?:@cee: *)?\s*(?=\{)/

/** The object that a text is, all of it; undefined where it is anything else. Runs in steps. */
export function * readJsonText (text: string): Generator<undefined, Fields | undefined, void> {
  const [start] = jsonStart.exec(text.slice(0, 100)) ?? []
  if (start === undefined || !endsWithBrace(text)) return undefined
  const bytes = Buffer.from(text.slice(start.length))
  try {
    const value = yield * parseSteps(bytes, maxLogValues)
    if (!isFields(value)) return undefined
    return bytes.length > stepBytes ? yield * narrow(value, NameTable.of(conventions)) : value
  } catch (error) {
    if (error instanceof BadRequest || error instanceof TooLarge) return undefined
    throw error
  }
}

function endsWithBrace (text: string): boolean {
  return text.endsWith('}') || text.trimEnd().endsWith('}')
}

/** The parts of a log that its fields tell beside what its header told. */
export function partsOfJson (fields: Fields, known: KnownParts, arrival: UtcTime): Parts {
  return partsOf(usualFields(fields), readingBeside(known), arrival)
}

function readingBeside ({ time, description, process }: KnownParts): Reading {
  const key = `${time} ${description} ${process}`
  let reading = readings.get(key)
  if (!reading) {
    reading = withNames({ ...jsonReading, source: 'syslog' }, {
      ...time && { time: [] },
      ...description && { description: [], ...!process && { process: [...conventions.process, ...conventions.description] } }
    })
    readings.set(key, reading)
  }
  return reading
}

/** Each is made once: its names are made ready then. */
const readings = new Map<string, Reading>()
