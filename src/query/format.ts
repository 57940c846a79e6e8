import type { PresentedLog } from './api-log.ts'

/** How logs are written into a file, a line each, after a head where the format has one. */
export interface Format {
  contentType: string
  head: string
  line (log: PresentedLog): string
}

const columns = ['id', 'user', 'at', 'level', 'process', 'pid', 'description', 'message', 'posted', 'attributes'] as const

export const formats = {
  ndjson: { contentType: 'application/x-ndjson; charset=utf-8', head: '', line: (log) => `${JSON.stringify(log)}\n` },
  csv: csvOf((text) => text),
  text: { contentType: 'text/plain; charset=utf-8', head: '', line: (log) => `${textOf(log)}\n` }
} satisfies Record<string, Format>

export type FormatName = keyof typeof formats

/** CSV for spreadsheets: a text that one would take for a formula begins with an apostrophe. */
export const guardedCsv: Format = csvOf((text) => /^[=+\-@\t\r]/.test(text) ? `'${text}` : text)

/** As RFC 4180 has it; `write` makes of a text what stands in its cell. */
function csvOf (write: (text: string) => string): Format {
  const cell = (value: unknown): string => {
    if (value === null) return ''
    const text = typeof value === 'string' ? write(value) : typeof value === 'object' ? JSON.stringify(value) : String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: `${columns.join(',')}\r\n`,
    line: (log) => `${columns.map((column) => cell(log[column])).join(',')}\r\n`
  }
}

/** As a line of text, without the user: `2026-11-24T09:30:00.000000Z error billing[7]: Payment failed`. Safe for a terminal, whatever server it is of. */
export function textOf ({ at, level, process, pid, message }: PresentedLog): string {
  return `${printableLine(String(at))} ${printableLine(String(level))} ${printableLine(String(process))}[${printableLine(String(pid))}]: ${printable(String(message))}`
}

/** Control and format characters, separators of lines and halves of characters: they move the cursor, change colours, turn the direction of writing, or are not seen. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/** A text of several lines that is safe on a terminal: what is unsafe there is spelled out; the lines after the first are indented. */
export function printable (text: string): string {
  return printableLines(text.replaceAll(/\r?\n/g, '\n    '))
}

/** The same without indentation. */
export function printableLines (text: string): string {
  return text.replaceAll(unsafe, (character, at: number) => {
    const isKept = character === '\n' || character === '\t' || (character === '\r' && text[at + 1] === '\n')
    return isKept ? character : spellOut(character)
  })
}

/** The same of a text that must stay one line. */
export function printableLine (text: string): string {
  return text.replaceAll(unsafe, spellOut)
}

/** JSON of the same value, or lines of it, with which a terminal does nothing. */
export function printableJson (json: string): string {
  return json.replaceAll(unsafe, (character) => character === '\n' ? character : Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join(''))
}

/** `\x1b`, `\u202e`, `\u{e0001}`. */
function spellOut (character: string): string {
  const code = character.codePointAt(0)!
  if (code < 0x100) return `\\x${hex(code, 2)}`
  return code > 0xffff ? `\\u{${hex(code, 1)}}` : `\\u${hex(code, 4)}`
}

function hex (code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
