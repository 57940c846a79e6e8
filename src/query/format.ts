import type { PresentedLog } from './present.ts'

/** How logs are written into a file, a line each, after a head where the format has one. */
export interface Format {
  contentType: string
  head: string
  line (log: PresentedLog): string
}

const columns = ['id', 'user', 'at', 'level', 'process', 'pid', 'description', 'message', 'posted', 'attributes'] as const

export const formats = {
  ndjson: { contentType: 'application/x-ndjson; charset=utf-8', head: '', line: (log) => `${JSON.stringify(log)}\n` },
  // RFC 4180.
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: `${columns.join(',')}\r\n`,
    line: (log) => `${columns.map((column) => cell(log[column])).join(',')}\r\n`
  },
  text: { contentType: 'text/plain; charset=utf-8', head: '', line: (log) => `${textOf(log)}\n` }
} satisfies Record<string, Format>

export type FormatName = keyof typeof formats

function cell (value: unknown): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  // A spreadsheet would take these for a formula.
  const safe = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** As a line of text, without the user: `2026-11-24T09:30:00.000000Z error billing[7]: Payment failed`. */
export function textOf ({ at, level, process, pid, message }: PresentedLog): string {
  return `${at} ${level} ${printable(process)}[${pid}]: ${printable(message)}`
}

/**
 * A text that is safe on a terminal: what would move the cursor, change colours or turn the
 * direction of writing is spelled out; the lines after the first are indented.
 */
export function printable (text: string): string {
  return text.replaceAll(/\r?\n/g, '\n    ').replaceAll(/[^\P{Cc}\n\t]|[\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0)!
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}
