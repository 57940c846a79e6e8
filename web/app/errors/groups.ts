// Errors that say the same, by process, as the page groups them by itself.
import type { Level, Log } from '../api/types.ts'
import { plainOf } from '../list/ansi.ts'
import { maxCharacters, templateOf } from '../list/template.ts'
import { quote } from '../query/quote.ts'

export interface Group {
  process: string
  /** What its messages have in common: their first line, with `…` for what differs. */
  template: string
  /** Whether the template ends within a line, or even a word. */
  isCut: boolean
  /** The worst one. */
  level: Level
  count: number
  /** Milliseconds of the first and the last one. */
  first: number
  last: number
  /** Milliseconds of each. */
  times: number[]
}

/** What the screen asks for. */
export const errorsQuery = 'level:>=error'

/** Adds logs to groups, by process and template. */
export function addTo (groups: Map<string, Group>, logs: readonly Log[]): void {
  for (const { process, message, level, at } of logs) {
    const text = plainOf(message)
    const template = templateOf(text)
    const key = `${process}\n${template}`
    const time = Date.parse(at)
    const group = groups.get(key)
    if (!group) {
      const isCut = !text.slice(0, maxCharacters + 1).includes('\n') && text.length > maxCharacters
      groups.set(key, { process, template, isCut, level, count: 1, first: time, last: time, times: [time] })
      continue
    }
    group.count++
    group.times.push(time)
    group.first = Math.min(group.first, time)
    group.last = Math.max(group.last, time)
    if (level === 'critical') group.level = level
  }
}

/** Pieces of a template that a query asks for; more would find no less. */
const maxPhrases = 3

/** What differs; and marks that belong to a sign before them, of which the search may make one character. */
const unknown = /…|(?<![\p{L}\p{M}\p{N}_])\p{M}[\p{L}\p{M}\p{N}_]*/u

/** The query that finds the logs of a group, and others that share its longest pieces. */
export function queryOf ({ process, template, isCut }: Pick<Group, 'process' | 'template' | 'isCut'>): string {
  const phrases = template.replace(isCut ? /\S*$/ : /$/, '').normalize('NFC').split(unknown)
    .map((piece) => piece.replaceAll(/^[^\p{L}\p{M}\p{N}_]+|[^\p{L}\p{M}\p{N}_]+$/gu, ''))
    .filter((piece) => piece !== '')
    .sort((one, other) => other.length - one.length)
    .slice(0, maxPhrases)
  return [errorsQuery, ...process === '' ? [] : [`process:${quote(process)}`], ...phrases.map(inQuotes)].join(' ')
}

/** In quotes, also where it is one word: `AND` and `-x` are then text. */
function inQuotes (text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** Numbers of logs in equal parts of a time span. */
export function sparkOf (times: readonly number[], from: number, to: number, parts: number): number[] {
  const counts = new Array<number>(parts).fill(0)
  const length = Math.max(1, to - from)
  for (const time of times) {
    const part = Math.min(parts - 1, Math.max(0, Math.floor((time - from) / length * parts)))
    counts[part] = (counts[part] ?? 0) + 1
  }
  return counts
}
