import type { Log } from '../api/types.ts'
import { shown } from '../redact/shown.ts'
import { queryNameOf } from '../query/quote.ts'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { view } from '../view/location.ts'
import type { Column } from '../view/view.ts'
import { isOdd } from './divide.ts'
import { firstLineOf } from './printable.ts'
import { Value } from './value.tsx'

/** Characters of the process and of attributes, unless a column has a width of its own. */
const usualWidth = 16

/** A field or an attribute of a log, for its column; `previous` is the log of the row above. */
export function cellOf ({ name, width = usualWidth }: Column, log: Log, previous: Log | undefined) {
  if (name === 'time') return timeOf(log, previous)
  if (name === 'level') {
    const letter = log.level.charAt(0).toUpperCase()
    return <span class='level' role='img' aria-label={texts.value.levels[log.level]}>{letter}</span>
  }
  if (name === 'message') return messageOf(log.message)
  const value = valueOf(log, name)
  if (value === '') return null
  const seen = shown(value, name)
  const cut = name === 'process' && log.pid > 0 && seen.length + `[${log.pid}]`.length <= width
    ? `${seen}[${log.pid}]`
    : cutMiddle(seen, width)
  return (
    <span class='cell-value' title={seen} data-field={isField(name) ? name : queryNameOf(name)} data-value={value}>
      {Value({ text: cut })}
    </span>
  )
}

function timeOf (log: Log, previous: Log | undefined) {
  const isRepeated = previous?.at.slice(0, secondEnd) === log.at.slice(0, secondEnd)
  const classes = [isRepeated && 'is-repeated', isOdd(log) && 'is-odd'].filter((name) => name !== false)
  return <time dateTime={log.at} class={classes.join(' ')}>{clockOf(log.at, view.value.isUtc)}</time>
}

/** Characters of a time up to its second. */
const secondEnd = 19

function messageOf (text: string) {
  if (view.value.wrap !== 'one') return Value({ text: text.trimEnd(), isMessage: true })
  const { line, more } = firstLineOf(text)
  return (
    <>
      {Value({ text: line, isMessage: true })}
      {more > 0 && <span class='more-lines'>{texts.value.list.moreLines(more)}</span>}
    </>
  )
}

/** Names are told from each other by both of their ends. */
function cutMiddle (text: string, width: number): string {
  if (text.length <= width) return text
  const start = Math.ceil((width - 1) / 2)
  return `${text.slice(0, start)}…${text.slice(text.length - (width - 1 - start))}`
}

const fields = ['process', 'user', 'description', 'arrived', 'pid'] as const

function isField (name: string): name is typeof fields[number] {
  return fields.some((field) => field === name)
}

/** The value of a field, or of an attribute by its dotted name. */
export function valueOf (log: Log, name: string): string {
  if (isField(name)) return String(log[name])
  const value = attributeOf(log.attributes, name)
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}

/** An attribute by its name, in which dots may also lead into objects. */
function attributeOf (attributes: object | null, name: string): unknown {
  if (attributes === null) return undefined
  const entries = attributes as Record<string, unknown>
  if (Object.hasOwn(entries, name)) return entries[name]
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const head = name.slice(0, dot)
    if (!Object.hasOwn(entries, head)) continue
    const inner = entries[head]
    if (typeof inner !== 'object' || inner === null) continue
    const value = attributeOf(inner, name.slice(dot + 1))
    if (value !== undefined) return value
  }
  return undefined
}
