// Finds the exception of a log: in its attributes, as loggers name them, or in its message. Plain JavaScript, because a
// thread runs it.
import { AttributeNames } from './attributes.js'
import { traceOf } from './trace.js'

/**
 * @typedef {import('./attributes.js').Fields} Fields
 * @typedef {import('./trace.js').Trace} Trace
 */

/** Lines of a stack trace that is a list. */
const maxLines = 200
const maxTypeLength = 256

const stackNames = new AttributeNames([
  'exception', 'exception.stacktrace', 'exception.stack_trace', 'exception.stack', 'exception.backtrace',
  'exception.trace', 'exc_info', 'exc_text', 'error', 'error.stack', 'error.stack_trace', 'error.stacktrace', 'err',
  'err.stack', 'stack', 'stack_trace', 'stackTrace', 'stacktrace', 'traceback', 'backtrace', 'full_message',
  'throwable', 'thrown.extendedStackTrace'
])
const typeNames = new AttributeNames([
  'exception.type', 'exception.class', 'exception.name', 'exception_class', 'exc_type', 'error.type', 'error.name',
  'error.class', 'err.type', 'err.name', 'thrown.name'
])

/**
 * The exception of a log, as lines to mask and frames; undefined if it has none.
 * @param {string} message
 * @param {Fields | null} attributes
 * @returns {Trace | undefined}
 */
export function exceptionOf (message, attributes) {
  const inMessage = traceOf(message)
  if (inMessage) return inMessage
  if (attributes === null) return undefined
  const inAttributes = stackNames.find(attributes, readStack)
  if (inAttributes) return { ...inAttributes, head: [message, ...inAttributes.head] }
  const type = typeNames.find(attributes, (value) => typeof value === 'string' && value !== '' ? value : undefined)
  return type === undefined ? undefined : { head: [type.slice(0, maxTypeLength), message], frames: [], causes: [] }
}

/**
 * @param {unknown} value
 * @returns {Trace | undefined}
 */
function readStack (value) {
  if (typeof value === 'string') return traceOf(value)
  if (!Array.isArray(value)) return undefined
  const lines = value.slice(0, maxLines).filter((line) => typeof line === 'string')
  // A list has at least a frame and what was thrown, or two frames.
  return traceOf(lines.map((line) => line.slice(0, maxTypeLength)).join('\n'))
}
