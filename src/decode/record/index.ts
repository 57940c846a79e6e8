// A record out of the fields of a log: each of its parts is taken from the first name that holds something of the
// part's kind; all else is kept as attributes, as it came.
import type { UtcTime } from '../../model/instant.ts'
import type { LogRecord, Severity } from '../../model/record.ts'
import { anyValueNames, lineNames, scalesOfNames, type FieldNames } from './conventions.ts'
import { isFields, nameOf, noProcess, textOf, type Fields } from './fields.ts'
import { NameTable } from './name-table.ts'
import { PartFinder } from './part-finder.ts'
import { severityOf, type Scale } from '../severity/index.ts'
import { timeOf } from '../time/index.ts'
import { countUnknownLevel } from '../severity/unknown-levels.ts'

/** How the fields of a protocol are read. */
export interface Reading {
  /** The protocol, for the count of levels that were not understood. */
  source: string
  names: FieldNames
  /** What its numbers of levels mean. Default: the name that they stand under tells, or their size. */
  scale?: Scale
}

/** Parts of a record that a log's fields give; undefined for a part that they do not give. */
export interface Parts {
  eventAt?: UtcTime
  severity?: Severity
  message?: string
  pid?: number
  processName?: string
  description?: string
  /** The other fields. */
  attributes: Fields | null
}

/** A reading with other names for some parts. */
export function withNames (reading: Reading, names: Partial<FieldNames>): Reading {
  return { ...reading, names: { ...reading.names, ...names } }
}

/**
 * The record of a log. Without a time it happened on arrival; without a level it is of severity info; without a message
 * its JSON is the message.
 */
export function recordOf (fields: Fields, reading: Reading, arrival: UtcTime): LogRecord {
  return completed(partsOf(fields, reading, arrival), fields, arrival)
}

/** Completes the parts that these fields gave. */
export function completed (parts: Parts, fields: Fields, arrival: UtcTime): LogRecord {
  return {
    eventAt: parts.eventAt ?? arrival,
    severity: parts.severity ?? 'info',
    message: parts.message || jsonOf(fields),
    pid: parts.pid ?? 0,
    processName: parts.processName ?? parts.description ?? noProcess,
    description: parts.description ?? '',
    postTime: arrival,
    attributes: parts.attributes
  }
}

/** Parts that the fields give, and the other fields. */
export function partsOf (fields: Fields, { source, names, scale }: Reading, arrival: UtcTime): Parts {
  const finder = new PartFinder(NameTable.of(names), fields)
  const message = finder.take('message', messageOf) ??
    finder.take('message', scalarMessageOf) ??
    finder.read('message', objectMessageOf)
  const severity = finder.take('level', (value, name) => severityOf(value, { scale: scale ?? scalesOfNames[name] }))
  if (severity === undefined) countUnknownLevel(source, finder.firstValue('level'))
  const eventAt = finder.take('time', (value) => timeOf(value, arrival))
  const pid = finder.take('pid', pidOf)
  const description = finder.take('description', nameOf)
  const processName = finder.take('process', processOf)
  return { eventAt, severity, message, pid, description, processName, attributes: finder.remaining() }
}

function messageOf (value: unknown, name: string): string | undefined {
  // log4js: what its logger was called with.
  if (name === 'data' && Array.isArray(value)) return value.map(textOf).join(' ') || undefined
  if (typeof value !== 'string' || value === '') return undefined
  return lineNames.has(name) ? value.replace(/\r?\n$/, '') || undefined : value
}

function scalarMessageOf (value: unknown, name: string): string | undefined {
  return anyValueNames.has(name) && !isFields(value) ? textOf(value) : undefined
}

/** It stays an attribute, too, so that its fields are found. */
function objectMessageOf (value: unknown, name: string): string | undefined {
  return anyValueNames.has(name) ? textOf(value) : undefined
}

/** A number under `process` is a pid. */
function processOf (value: unknown, name: string): string | undefined {
  return name === 'process' && typeof value === 'number' ? undefined : nameOf(value)
}

/** JSON of fields; empty text for none. */
export function jsonOf (fields: Fields): string {
  for (const name in fields) if (Object.hasOwn(fields, name)) return JSON.stringify(fields)
  return ''
}

function pidOf (value: unknown): number | undefined {
  const pid = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof pid === 'number' && Number.isSafeInteger(pid) && pid >= 0 ? pid : undefined
}
