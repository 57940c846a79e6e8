import { BadRequest } from '../model/bad-request.ts'
import { valueAt } from '../text/values.js'
import type { PresentedLog } from './api-log.ts'
import { printableLine, textOf } from './format.ts'

/** Format of an export: a head, which may be empty, and a line for each log. */
export interface Format {
  contentType: string
  extension: string
  head: string
  line (log: PresentedLog): string
}

/** Column of an export: a field of the log, or an attribute by its dotted name. */
interface Column {
  name: string
  valueIn (log: PresentedLog): unknown
}

const allFields = [
  'id', 'user', 'at', 'level', 'process', 'pid', 'description', 'message', 'posted', 'arrived', 'attributes'
] as const satisfies ReadonlyArray<keyof PresentedLog>

const maxColumns = 100

/** Forms of the columns of an export. */
export const columnsRule = `1 to ${maxColumns} different names, separated by commas: fields of a log, and attributes ` +
  'by their dotted names'

/** Columns by their names. Throws BadRequest, which names the parameter. */
export function columnsOf (name: string, text: string): Column[] {
  const names = text.split(',').map((column) => column.trim())
  if (names.length > maxColumns || names.includes('') || new Set(names).size < names.length) {
    throw new BadRequest(`${name} must be ${columnsRule}`, { rule: 'parameter.items', field: name, limit: maxColumns })
  }
  return names.map(columnOf)
}

function columnOf (name: string): Column {
  const field = allFields.find((field) => field === name)
  if (field !== undefined) return { name, valueIn: (log) => log[field] }
  const path = name.split('.')
  return { name, valueIn: ({ attributes }) => valueAt(attributes, path) ?? null }
}

/** A JSON object a line, with all fields, or with these columns; null for an attribute that a log lacks. */
export function ndjson (columns?: readonly Column[]): Format {
  const pick = (log: PresentedLog, columns: readonly Column[]) => (
    Object.fromEntries(columns.map(({ name, valueIn }) => [name, valueIn(log)]))
  )
  return {
    contentType: 'application/x-ndjson; charset=utf-8',
    extension: 'ndjson',
    head: '',
    line: (log) => `${JSON.stringify(columns === undefined ? log : pick(log, columns))}\n`
  }
}

/** A line a log, as `textOf` writes it; or the columns, with tabs between them. */
export function plainText (columns?: readonly Column[]): Format {
  const cell = (value: unknown) => printableLine(textOfCell(value))
  return {
    contentType: 'text/plain; charset=utf-8',
    extension: 'txt',
    head: '',
    line: (log) => `${columns?.map(({ valueIn }) => cell(valueIn(log))).join('\t') ?? textOf(log)}\n`
  }
}

/**
 * CSV by RFC 4180, with a header.
 *
 * Guarded against formulas, it has an apostrophe before text that a spreadsheet would run as one.
 */
export function csv (columns: readonly Column[] = allFields.map(columnOf), isGuarded = false): Format {
  const cell = (value: unknown): string => {
    const isFormula = isGuarded && typeof value === 'string' && /^[=+\-@\t\r]/.test(value)
    const text = `${isFormula ? '\'' : ''}${textOfCell(value)}`
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const record = (values: readonly unknown[]) => `${values.map(cell).join(',')}\r\n`
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    head: record(columns.map(({ name }) => name)),
    line: (log) => record(columns.map(({ valueIn }) => valueIn(log)))
  }
}

/** Empty for null. */
function textOfCell (value: unknown): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
