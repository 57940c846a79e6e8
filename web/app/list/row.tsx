import type { ComponentChild } from 'preact'
import type { Log } from '../api/types.ts'
import { lazy } from '../frame/lazy.tsx'
import { language, texts } from '../texts/index.ts'
import { durationOf } from '../time/duration.ts'
import { dayOf, isSameDay } from '../time/format.ts'
import { view } from '../view/location.ts'
import { cellOf } from './cell.tsx'
import { gapOf } from './divide.ts'
import { isPhone } from './phone.ts'

const Detail = lazy(async () => (await import('../detail/detail.tsx')).Detail)

export interface RowProps {
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
}

/**
 * One log: on one line, on several, or opened. Its parts are functions, no components: while somebody scrolls, hundreds
 * of components would take half of the time.
 */
export function Row (row: RowProps) {
  const { place, log, gone, previous, isFirst } = row
  if (!log) {
    return gone === undefined
      ? <div class='line line-missing' role='row' aria-rowindex={place}><span role='gridcell' /></div>
      : gone > 0 && hairline(texts.value.list.gone(gone))
  }
  const isOpen = view.value.opened === log.id && !isPhone.value
  return (
    <>
      {(previous ?? isFirst) && dividerOf(row, log)}
      {lineOf(row, log, isOpen)}
      {isOpen && (
        <div role='row' aria-rowindex={place}>
          <div role='gridcell' aria-colspan={view.value.columns.length}><Detail key={log.id} log={log} /></div>
        </div>
      )}
    </>
  )
}

function dividerOf ({ previous, silenceMs }: RowProps, log: Log) {
  const gap = previous ? gapOf(previous, log) : 0
  const isNewDay = !isSameDay(previous?.at ?? new Date().toISOString(), log.at, view.value.isUtc)
  if (!isNewDay && gap <= silenceMs) return null
  const silence = gap > silenceMs && texts.value.list.silence(durationOf(gap, language.value))
  return hairline(<>{isNewDay && <strong>{dayOf(log.at, view.value.isUtc, language.value)}</strong>}{silence}</>)
}

/** What is said between two rows. */
function hairline (content: ComponentChild) {
  return <div class='divider' role='row'><span role='gridcell'>{content}</span></div>
}

function lineOf ({ place, previous, folded, ...row }: RowProps, log: Log, isOpen: boolean) {
  const { columns, wrap } = view.value
  return (
    <div
      class={`line level-${log.level} wrap-${wrap} ${row.isDimmed ? 'is-dimmed' : ''}`}
      role='row'
      tabIndex={row.isActive ? 0 : -1}
      aria-rowindex={place}
      aria-selected={row.isSelected}
      aria-expanded={isOpen}
    >
      {columns.map((column) => (
        <span
          key={column.name}
          role='gridcell'
          class={`cell cell-${column.name}`}
          style={column.width === undefined ? undefined : { width: `${column.width + 1}ch` }}
        >
          {column.name === 'message' && row.isLate && <span class='live-late'>{texts.value.live.late}</span>}
          {column.name === 'message' && folded > 0 && <span class='folded-count'>×{folded + 1}</span>}
          {cellOf(column, log, previous)}
        </span>
      ))}
    </div>
  )
}
