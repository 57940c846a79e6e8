// GELF 1.1, Graylog's format, over HTTP: one object, several, or a list.
//
//   message   short_message, full_message
//   time      timestamp: seconds since 1970 with fractions
//   level     level, as in syslog, or a name; without one info (GELF says alert, but who leaves it out means no alarm)
//   process   _name, _process, _service, _app, facility, _container_name
//
// After these come the names of conventions.ts, those of additional fields without their underscore.
//
// Additional fields become attributes without their underscore, unless that name is taken. `version` is
// GELF's own and not kept. Everything else, as host and full_message, is kept by its name.
//
// Near-JSON that Graylog reads, near-json.ts mends.
import { BadRequest } from '../../errors.ts'
import type { UtcTime } from '../../model/instant.ts'
import type { LogRecord } from '../../model/record.ts'
import { conventions } from '../record/conventions.ts'
import type { Step } from '../steps.ts'
import { rename, type Fields } from '../record/fields.ts'
import { repairJson, repairWhole } from './near-json.ts'
import { decodeObjects, type ObjectFormat } from '../json/objects.ts'
import { NameTable } from '../record/name-table.ts'
import { completed, partsOf, type Reading } from '../record/index.ts'

/** By the names without their underscore. */
const reading: Reading = {
  source: 'gelf',
  names: {
    ...conventions,
    message: ['short_message', 'full_message', ...conventions.message],
    time: ['timestamp', ...conventions.time],
    level: ['level', ...conventions.level],
    process: ['name', 'process', 'service', 'app', 'facility', 'container_name', ...conventions.process]
  },
  scale: 'syslog'
}

/** Names under which a log's own values may be. */
export const gelfOwnNames = { has: (name: string) => NameTable.of(reading.names).has(ownName(name) ?? name) }

/** The logs of a body. */
export function decodeGelf (body: Buffer, arrival: UtcTime): Iterable<Step> {
  return decodeGelfObjects(body, { own: gelfOwnNames, read: (fields) => recordOfGelf(fields, arrival) })
}

/** The logs of a body, its objects read as the format says. */
export function * decodeGelfObjects (
  body: Buffer, format: Pick<ObjectFormat, 'own' | 'read'>
): Generator<Step, void, void> {
  const gelf: ObjectFormat = { ...format, source: 'gelf', repair: repairJson }
  let isFirst = true
  for (const step of decodeObjects(body, gelf)) {
    // A line break within a string has cut the first piece short.
    const whole = isFirst && step && 'reason' in step ? repairWhole(body) : undefined
    if (whole) return yield * decodeObjects(whole, gelf)
    if (step) isFirst = false
    yield step
  }
}

/** The log of an object. Throws BadRequest where it has no message. */
export function recordOfGelf (fields: Fields, arrival: UtcTime): LogRecord {
  const plain = rename(fields, ownName)
  const parts = partsOf(plain, reading, arrival)
  if (parts.message === undefined || (parts.message === '' && parts.attributes === null)) {
    throw new BadRequest('short_message must be a text that is not empty')
  }
  return completed(parts, plain, arrival)
}

function ownName (name: string): string | undefined {
  if (name === 'version') return undefined
  return name.startsWith('_') ? name.slice(1) : name
}
