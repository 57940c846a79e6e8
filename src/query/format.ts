import type { PresentedLog } from './api-log.ts'

/**
 * A log as one line of text, without its user, safe for a terminal whatever server it is from:
 * `2026-11-24T09:30:00.000000Z error billing[7]: Payment failed`. A pid of 0 means none, and so does the process `-`.
 */
export function textOf ({ at, level, process, pid, message }: PresentedLog): string {
  const [time, severity, name, id] = [at, level, process, pid].map((value) => printableLine(String(value)))
  const origin = `${name}${id === '0' ? '' : `[${id}]`}`
  return `${time} ${severity} ${origin === '-' ? '' : `${origin}: `}${printable(String(message))}`
}

/** The attributes of a log as one indented line of JSON, safe for a terminal; empty for none. */
export function attributesLine ({ attributes }: PresentedLog): string {
  return attributes === null ? '' : `\n    ${printableJson(JSON.stringify(attributes))}`
}

/**
 * Control and format characters, line separators and lone surrogates: they move the cursor, change colours, reverse the
 * direction of writing, or are invisible.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/** Text of several lines, safe for a terminal: unsafe characters are escaped, lines after the first indented. */
function printable (text: string): string {
  return printableLines(text.replaceAll(/\r?\n/g, '\n    '))
}

/** As `printable`, without indentation. */
export function printableLines (text: string): string {
  return text.replaceAll(unsafe, (character, at: number) => {
    const isKept = character === '\n' || character === '\t' || (character === '\r' && text[at + 1] === '\n')
    return isKept ? character : escape(character)
  })
}

/** As `printable`, for text that must stay one line. */
export function printableLine (text: string): string {
  return text.replaceAll(unsafe, escape)
}

/** JSON of the same value, or lines of JSON, safe for a terminal. */
export function printableJson (json: string): string {
  return json.replaceAll(unsafe, (character) => character === '\n' ? character : escapeInJson(character))
}

function escapeInJson (character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join('')
}

/** `\x1b`, `\u202e`, `\u{e0001}`. */
function escape (character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${hex(code, 2)}`
  return code > 0xffff ? `\\u{${hex(code, 1)}}` : `\\u${hex(code, 4)}`
}

function hex (code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
