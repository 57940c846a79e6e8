// What stands in the text of a log: JSON that its program wrote, or the line of a container's file as Kubernetes keeps it.
import type { UtcTime } from '../../model/instant.ts'
import { conventions } from './conventions.ts'
import { runAtOnce } from '../decoded.ts'
import { attributesOf, FieldAdder, type Fields } from './fields.ts'
import { readJsonText } from './json-text.ts'
import { usualFields } from './loggers.ts'
import { partsOf, type Parts, type Reading } from './index.ts'

/** A longer text stays a text: it is parsed in one go. */
const maxJson = 64 * 1024

/** Time, stream, whether the line is whole (F) or a part (P), text. Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md */
const criLine = /^(\d{4}-\d\d-\d\dT\S{8,27}) (stdout|stderr) ([FP])(?::\S{0,20})?(?: |$)/

/** The fields of a line: of a container's its parts, of any other its text alone. */
export function fieldsOfLine (text: string): Fields {
  // Most lines begin with no year, which a look at one character tells.
  if (!isDigit(text.charCodeAt(0))) return { message: text }
  const [start = '', time, stream, logtag] = criLine.exec(text.slice(0, 80)) ?? []
  return time === undefined ? { message: text } : { time, stream, ...logtag === 'P' && { logtag }, message: text.slice(start.length) }
}

function isDigit (code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/**
 * A log with what the JSON in its text tells, where that is all of the text: the message, the level, and what else the log itself
 * does not say. The other fields become attributes; one whose name is taken ends in `_`.
 */
export function withJsonOfText (parts: Parts, source: string, arrival: UtcTime): Parts {
  const fields = parts.message === undefined ? undefined : jsonIn(parts.message)
  if (!fields) return parts
  const inner = partsOf(usualFields(fields), readingBeside(parts, source), arrival)
  const attributes = { ...parts.attributes }
  const adder = new FieldAdder(attributes)
  for (const [name, value] of Object.entries(inner.attributes ?? {})) adder.add(name, value)
  return {
    eventAt: parts.eventAt ?? inner.eventAt,
    severity: inner.severity ?? parts.severity,
    message: inner.message || parts.message,
    pid: parts.pid ?? inner.pid,
    processName: parts.processName ?? inner.processName,
    description: parts.description ?? inner.description,
    attributes: Object.keys(attributes).length === 0 ? null : attributes
  }
}

/** What the log itself tells is not taken out of its text: there it stays an attribute. */
function readingBeside ({ eventAt, pid, processName, description }: Parts, source: string): Reading {
  const key = [source, ...[eventAt, pid, processName, description].map((part) => part !== undefined)].join()
  let reading = readings.get(key)
  if (!reading) {
    const names = {
      ...conventions,
      ...eventAt !== undefined && { time: [] },
      ...pid !== undefined && { pid: [] },
      ...processName !== undefined && { process: [] },
      ...description !== undefined && { description: [] }
    }
    readings.set(key, reading = { source, names })
  }
  return reading
}

const readings = new Map<string, Reading>()

/** The object that a text is; undefined where it is anything else, an empty one or too long. */
function jsonIn (text: string): Fields | undefined {
  // Most texts are none: their first character tells.
  if (text.length > maxJson || !/^[{@\s]/.test(text)) return undefined
  const fields = runAtOnce(readJsonText(text))
  return fields && attributesOf(fields) !== null ? fields : undefined
}
