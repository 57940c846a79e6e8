import type { ComponentChildren } from 'preact'
import type { Log } from '../api/types.ts'
import { lazy } from '../frame/lazy.tsx'
import { language, texts } from '../texts/index.ts'
import { durationOf } from '../time/duration.ts'
import { dayOf, isSameDay } from '../time/format.ts'
import { view } from '../view/location.ts'
import { Cell } from './cell.tsx'
import { gapOf } from './divide.ts'
import { isPhone } from './phone.ts'

const Detail = lazy(async () => (await import('../detail/detail.tsx')).Detail)

export interface RowProps {
  index: number
  /** Distance from the top of the canvas, in pixels. */
  top: number
  /** Its place among all rows, from 1. */
  place: number
  /** Undefined while its page is read again. */
  log: Log | undefined
  /** The row above; undefined if it is not in memory, or is none. */
  previous: Log | undefined
  /** No row is above. */
  isFirst: boolean
  /** Milliseconds from which on the time between neighbours is a silence. */
  silenceMs: number
  /** The number of logs that no longer exist, at the first of their places; 0 at the others; undefined elsewhere. */
  gone: number | undefined
  /** Rows that say the same, and are folded into this one. */
  folded: number
  isActive: boolean
  isSelected: boolean
  isDimmed: boolean
  /** It arrived long after its time, just now. */
  isLate: boolean
  observe (row: HTMLDivElement | null): void
}

/** One log: on one line, on several, or opened. */
export function Row (row: RowProps) {
  const { index, top, place, log, gone, previous, isFirst, silenceMs, observe } = row
  const style = { top: `${top}px` }
  if (!log) {
    return (
      <div class='row' data-index={index} ref={observe} style={style}>
        {gone === undefined
          ? <div class='line line-missing' role='row' aria-rowindex={place}><span role='gridcell' /></div>
          : gone > 0 && <Hairline>{texts.value.list.gone(gone)}</Hairline>}
      </div>
    )
  }
  const isOpen = view.value.opened === log.id && !isPhone.value
  return (
    <div class='row' data-index={index} ref={observe} style={style}>
      {(previous ?? isFirst) && <Divider log={log} previous={previous} silenceMs={silenceMs} />}
      <Line {...row} log={log} isOpen={isOpen} />
      {isOpen && (
        <div role='row' aria-rowindex={place}>
          <div role='gridcell' aria-colspan={view.value.columns.length}><Detail log={log} /></div>
        </div>
      )}
    </div>
  )
}

function Divider ({ log, previous, silenceMs }: { log: Log, previous: Log | undefined, silenceMs: number }) {
  const gap = previous ? gapOf(previous, log) : 0
  const isNewDay = !isSameDay(previous?.at ?? new Date().toISOString(), log.at, view.value.isUtc)
  if (!isNewDay && gap <= silenceMs) return null
  const silence = gap > silenceMs && texts.value.list.silence(durationOf(gap, language.value))
  return (
    <Hairline>
      {isNewDay && <strong>{dayOf(log.at, view.value.isUtc, language.value)}</strong>}
      {silence}
    </Hairline>
  )
}

/** What is said between two rows. */
function Hairline ({ children }: { children: ComponentChildren }) {
  return <div class='divider' role='row'><span role='gridcell'>{children}</span></div>
}

function Line ({ place, log, previous, folded, isActive, isSelected, isDimmed, isLate, isOpen }:
  RowProps & { log: Log, isOpen: boolean }) {
  const { columns, wrap } = view.value
  return (
    <div
      class={`line level-${log.level} wrap-${wrap} ${isDimmed ? 'is-dimmed' : ''}`}
      role='row'
      tabIndex={isActive ? 0 : -1}
      aria-rowindex={place}
      aria-selected={isSelected}
      aria-expanded={isOpen}
    >
      {columns.map((column) => (
        <span
          key={column.name}
          role='gridcell'
          class={`cell cell-${column.name}`}
          style={column.width === undefined ? undefined : { width: `${column.width + 1}ch` }}
        >
          {column.name === 'message' && isLate && <span class='live-late'>{texts.value.live.late}</span>}
          {column.name === 'message' && folded > 0 && <span class='folded-count'>×{folded + 1}</span>}
          <Cell column={column} log={log} previous={previous} />
        </span>
      ))}
    </div>
  )
}
