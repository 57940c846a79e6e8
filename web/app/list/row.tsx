import type { Log } from '../api/types.ts'
import { texts } from '../texts/index.ts'
import { clockOf } from '../time/format.ts'
import { view } from '../view/location.ts'
import { Detail } from '../detail/detail.tsx'
import { firstLineOf } from './printable.ts'
import { Value } from './value.tsx'

export { Value }

export interface RowProps {
  index: number
  /** Distance from the top of the list, in pixels. */
  start: number
  /** Undefined while its page is read again. */
  log: Log | undefined
  previous: Log | undefined
  isActive: boolean
  measure (row: HTMLDivElement | null): void
  onPick (log: Log): void
}

/** One log: on one line, on several, or opened. */
export function Row ({ index, start, log, previous, isActive, measure, onPick }: RowProps) {
  const style = { transform: `translateY(${start}px)` }
  if (!log) return <div class='row row-missing' role='row' aria-rowindex={index + 2} style={style} />
  const { wrap, opened } = view.value
  const isOpen = opened === log.id
  return (
    <div class='row' data-index={index} ref={isOpen || wrap !== 'one' ? measure : undefined} style={style}>
      <Line {...{ index, log, previous, isActive, isOpen, onPick }} />
      {isOpen && <Detail log={log} />}
    </div>
  )
}

interface LineProps extends Omit<RowProps, 'start' | 'measure'> {
  log: Log
  isOpen: boolean
}

function Line ({ index, log, previous, isActive, isOpen, onPick }: LineProps) {
  const isWrapped = view.value.wrap !== 'one'
  return (
    <div
      class={`line level-${log.level} ${isWrapped ? `wrap-${view.value.wrap}` : ''}`}
      role='row'
      aria-rowindex={index + 2}
      aria-selected={isActive}
      aria-expanded={isOpen}
      onClick={() => onPick(log)}
    >
      {view.value.columns.map(({ name }) => (
        <span key={name} role='gridcell' class={`cell cell-${name}`}>
          <Cell column={name} log={log} previous={previous} />
        </span>
      ))}
    </div>
  )
}

interface CellProps {
  column: string
  log: Log
  previous: Log | undefined
}

function Cell ({ column, log, previous }: CellProps) {
  const { isUtc } = view.value
  if (column === 'time') {
    const time = clockOf(log.at, isUtc)
    const isRepeated = previous !== undefined && clockOf(previous.at, isUtc).slice(0, 8) === time.slice(0, 8)
    return <time dateTime={log.at} title={log.at} class={isRepeated ? 'is-repeated' : ''}>{time}</time>
  }
  if (column === 'level') {
    return <span class='level' title={texts.value.levels[log.level]}>{log.level.charAt(0).toUpperCase()}</span>
  }
  if (column === 'message') return <Message text={log.message} />
  return <Value text={valueOf(log, column)} />
}

function Message ({ text }: { text: string }) {
  if (view.value.wrap !== 'one') return <Value text={text} />
  const { line, more } = firstLineOf(text)
  return (
    <>
      <Value text={line} />
      {more > 0 && <span class='more-lines'>{texts.value.list.moreLines(more)}</span>}
    </>
  )
}

/** The value of a field, or of an attribute by its dotted name. */
export function valueOf (log: Log, column: string): string {
  if (column === 'process') return log.pid > 0 ? `${log.process}[${log.pid}]` : log.process
  if (column === 'user' || column === 'description' || column === 'arrived') return log[column]
  if (column === 'pid') return String(log.pid)
  const value = attributeOf(log.attributes, column)
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}

/** An attribute by its name, in which dots may also lead into objects. */
function attributeOf (attributes: Record<string, unknown> | null, name: string): unknown {
  if (attributes === null) return undefined
  if (Object.hasOwn(attributes, name)) return attributes[name]
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const head = name.slice(0, dot)
    if (!Object.hasOwn(attributes, head)) continue
    const inner = attributes[head]
    if (typeof inner !== 'object' || inner === null) continue
    const value = attributeOf(inner as Record<string, unknown>, name.slice(dot + 1))
    if (value !== undefined) return value
  }
  return undefined
}
