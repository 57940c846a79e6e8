// JSON that a program wrote into the text of a log, as winston-syslog, pino-syslog and nginx (`escape=json`) do; also
// after the cookie of CEE, `@cee:`.
//
// Source: https://cee.mitre.org/language/1.0-beta1/clt.html, section 6.
import { BadRequest, TooLarge } from '../../errors.ts'
import type { UtcTime } from '../../model/instant.ts'
import { conventions, type FieldNames } from './conventions.ts'
import { runAtOnce, stepBytes } from '../steps.ts'
import { attributesOf, FieldAdder, isFields, narrow, type Fields } from './fields.ts'
import { maxLogValues } from '../limits.ts'
import { parseSteps } from '../json/steps.ts'
import { usualFields } from './loggers.ts'
import { NameTable } from './name-table.ts'
import { partsOf, type Parts, type Reading } from './index.ts'

/** Field in which a log in JSON shows its owner's random token; it is never stored. */
export const tokenField = '_loggerbot_token'

const jsonStart = /^(?:@cee: *)?\s*(?=\{)/

/** The object that the whole text is, parsed in steps; undefined for any other text. */
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

/** Longer messages are not read as JSON: this is done in one go. */
const maxJsonLength = 64 * 1024

/** A log with the fields of its message, if that is a JSON object of at most 64 KiB with a field. */
export function withJsonOfMessage (parts: Parts, source: string, arrival: UtcTime): Parts {
  const fields = parts.message === undefined ? undefined : fieldsOfMessage(parts.message)
  return fields ? withJson(parts, fields, { source, outer: 'fields' }, arrival) : parts
}

function fieldsOfMessage (message: string): Fields | undefined {
  // The first character rules out most messages.
  if (message.length > maxJsonLength || !/^[{@\s]/.test(message)) return undefined
  const fields = runAtOnce(readJsonText(message))
  return fields && attributesOf(fields) !== null ? fields : undefined
}

/** What is around a text of JSON, and in which protocol. */
export interface Surroundings {
  source: string
  /**
   * `fields`: labels and fields, set for this very log. `header`: of syslog, often written by a relay for all its logs.
   */
  outer: 'fields' | 'header'
}

/**
 * Merges the JSON in a log's text into the parts around it. The one rule:
 *
 * - message and level of the JSON count first: they are the program's own;
 * - time and logger around it count first: the JSON's stay attributes;
 * - process and pid: fields around it count first, as its sender set them for this log (Loki's labels, Datadog's
 *   `service`); but the JSON's count before those of a header, which names Docker's daemon or another relay. The
 *   header's are then kept as attributes `app_name` and `procid`.
 *
 * All other fields become attributes; a field whose name is taken ends in `_`.
 */
export function withJson (parts: Parts, fields: Fields, surroundings: Surroundings, arrival: UtcTime): Parts {
  const inner = partsOf(usualFields(fields), readingWithin(parts, surroundings), arrival)
  const attributes = { ...parts.attributes }
  if (isReplaced(parts.processName, inner.processName)) attributes.app_name = parts.processName
  if (isReplaced(parts.pid, inner.pid)) attributes.procid = String(parts.pid)
  const adder = new FieldAdder(attributes)
  for (const [name, value] of Object.entries(inner.attributes ?? {})) adder.add(name, value)
  return {
    eventAt: parts.eventAt ?? inner.eventAt,
    severity: inner.severity ?? parts.severity,
    message: inner.message || parts.message,
    pid: inner.pid ?? parts.pid,
    processName: inner.processName ?? parts.processName,
    description: parts.description ?? inner.description,
    attributes: attributesOf(attributes)
  }
}

function isReplaced (outer: unknown, inner: unknown): boolean {
  return outer !== undefined && inner !== undefined && outer !== inner
}

/** How the JSON is read: without the names of parts for which the log around it counts first. */
function readingWithin (parts: Parts, { source, outer }: Surroundings): Reading {
  const { eventAt, pid, processName, description } = parts
  const key = [source, outer, ...[eventAt, pid, processName, description].map((part) => part !== undefined)].join()
  let reading = readings.get(key)
  if (!reading) readings.set(key, reading = { source, names: namesWithin(parts, outer) })
  return reading
}

function namesWithin ({ eventAt, pid, processName, description }: Parts, outer: Surroundings['outer']): FieldNames {
  const isHeader = outer === 'header'
  const names = { ...conventions }
  if (eventAt !== undefined) names.time = []
  if (description !== undefined) names.description = []
  if (pid !== undefined && !isHeader) names.pid = []
  if (processName !== undefined && !isHeader) names.process = []
  // The description of a header is its host: the JSON's logger may still stand for a process that has no name.
  if (processName === undefined && description !== undefined && isHeader) {
    names.process = [...conventions.process, ...conventions.description]
  }
  return names
}

/** Each is made once, because a table of its names is made for it. */
const readings = new Map<string, Reading>()
