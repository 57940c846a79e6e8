// Records of Python's logging.handlers.HTTPHandler: the fields of a LogRecord, form-encoded, each as
// the text that str() makes of it.
//
//   msg          message, as it was given: % is not filled in, and what would fill it is kept in args
//   created      time, seconds since 1970
//   levelno      severity; levelname is kept where it is no usual name
//   processName  process, and name description: as in the contract's Python client
//   process      pid
//
// The rest is kept as attributes: what Python always makes a number as one, what is None not at all.
import { BadRequest } from '../errors.ts'
import type { LogRecord, UtcTime } from '../record.ts'
import { recordOf, type Fields, type FieldNames } from './fields.ts'
import { severityOfName, severityOfPythonNumber } from './severity.ts'

const names: FieldNames = {
  message: ['msg'],
  time: ['created'],
  level: ['levelname', 'levelno'],
  process: ['processName'],
  pid: ['process'],
  description: ['name']
}

const numbers = ['levelno', 'lineno', 'thread', 'msecs', 'relativeCreated']
/** What a LogRecord always has, and most records have empty. */
const optional: Record<string, string> = { args: '()', exc_info: 'None', exc_text: 'None', stack_info: 'None', taskName: 'None' }

/** The log of one form. Throws BadRequest where it is none. */
export function decodePythonRecord (form: string, arrival: UtcTime): LogRecord {
  const fields = readForm(form)
  if (!Object.hasOwn(fields, 'msg')) throw new BadRequest('msg is missing: a record must be form-encoded, as HTTPHandler sends it')
  return recordOf(fields, names, arrival, severityOf)
}

function readForm (form: string): Fields {
  const fields: Fields = Object.create(null)
  for (const [name, value] of new URLSearchParams(form)) {
    if (name === '__proto__') throw new BadRequest('body must not have __proto__ as a field')
    if (optional[name] === value) continue
    // Of a whole number above 2^53 the text says more.
    const number = numbers.includes(name) && value !== '' ? Number(value) : NaN
    fields[name] = Number.isFinite(number) && (Number.isSafeInteger(number) || !Number.isInteger(number)) ? number : value
  }
  return { ...fields }
}

/** Of the name where it is a usual one, else of the number, which programs may name as they like. */
function severityOf (level: unknown) {
  return typeof level === 'string' ? severityOfName(level) : severityOfPythonNumber(level as number)
}
