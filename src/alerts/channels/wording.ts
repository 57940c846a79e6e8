// The words of a message for people, in plain text. A channel puts them where nothing in them has a meaning.
import type { AlertMessage, DigestEntry } from './channel.ts'

export const headings: Record<AlertMessage['kind'], string> = {
  new: 'New error',
  regressed: 'Error is back',
  unmuted: 'Error is no longer muted',
  repeated: 'Error goes on',
  match: 'Match',
  count: 'Count reached',
  silent: 'Silence',
  back: 'Back again',
  server: 'About the server',
  test: 'Test',
  digest: 'Several alerts'
}

/**
 * Control characters, those that change the direction of what follows, and those that do not show.
 * A tab, a newline, and the joiners of emoji and of some languages stay.
 */
const unsafe = /(?!\t|\n|\u200c|\u200d)[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** `New error #1F3`, and whether it may be a repeat. */
export function headingOf ({ kind, number, mayRepeat }: AlertMessage): string {
  return `${headings[kind]} ${number}${mayRepeat ? ' (may be a repeat)' : ''}`
}

/** What a message tells, without its heading and its address: text of strangers. */
export function textOf ({ title, note, alerts, heldBack, lines, ...message }: AlertMessage): string {
  const parts = [
    [title, factsOf(message), note ?? ''],
    listed(alerts).map((entry) => `${entry.number} ${titleOf(entry)} (${entry.logs})`),
    [heldBack > 0 ? `and ${heldBack} more` : ''],
    lines
  ]
  const text = parts.map((part) => part.filter((line) => line !== '').join('\n')).filter((part) => part !== '')
  return inert(text.join('\n\n'))
}

/** The lines of a digest; a single one says what the title says. */
export function listed (alerts: readonly DigestEntry[]): readonly DigestEntry[] {
  return alerts.length > 1 ? alerts : []
}

function titleOf ({ title, alerts }: DigestEntry): string {
  return alerts > 1 ? `${title}, ${alerts} different` : title
}

/** Text in which all characters are visible and stand in reading order. */
export function inert (text: string): string {
  return text.toWellFormed().replaceAll(unsafe, '·')
}

function factsOf (
  { process, level, logs, first, last, state, user, rule }:
  Pick<AlertMessage, 'process' | 'level' | 'logs' | 'first' | 'last' | 'state' | 'user' | 'rule'>
): string {
  const count = logs === 1 ? '1 log' : `${logs} logs`
  const times = first === null || first === last ? last : `${first} to ${last}`
  return [process, level, logs === 0 ? null : count, times, state, `rule ${rule}`, `user ${user}`]
    .filter((fact) => fact !== null && fact !== '').join(', ')
}

/** A place where a text has to fit, and how the place measures and escapes it. */
export interface Fit {
  max: number
  /** Default: UTF-16 units. */
  sizeOf?: (text: string) => number
  escape?: (character: string) => string
}

/** The beginning of a text that fits, escaped; it ends with `…` where it is cut, and never inside a character. */
export function fitted (text: string, { max, sizeOf = ({ length }) => length, escape = (one) => one }: Fit): string {
  const pieces: string[] = []
  // The length of `pieces` up to which an ellipsis fits, too.
  let cutAt = 0
  let size = 0
  for (const character of text) {
    const piece = escape(character)
    size += sizeOf(piece)
    if (size > max) return `${pieces.slice(0, cutAt).join('')}…`
    pieces.push(piece)
    if (size + sizeOf('…') <= max) cutAt = pieces.length
  }
  return pieces.join('')
}
