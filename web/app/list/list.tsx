import { useSignal } from '@preact/signals'
import { useLayoutEffect, useMemo } from 'preact/hooks'
import type { Log } from '../api/types.ts'
import { lazy } from '../frame/lazy.tsx'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { useListCommands } from './commands.ts'
import { ListControl } from './control.ts'
import { delegatesOf } from './delegates.ts'
import { Head } from './head.tsx'
import { useBegin, useFolds, useLook, useRange, useSilence } from './hooks.ts'
import { isPhone } from './phone.ts'
import { Row } from './row.tsx'
import { Slots } from './slots.ts'
import { useVirtualRows, type ShownRow } from './virtual-rows.ts'

export interface ListProps {
  search: Search
  /** The log that is active at first, in the middle. */
  begin?: string
  /** Logs that are shown less. */
  isDimmed? (log: Log): boolean
}

const PhoneDetail = lazy(async () => (await import('../detail/phone-detail.tsx')).PhoneDetail)
const SelectionBubble = lazy(async () => (await import('../detail/selection-bubble.tsx')).SelectionBubble)

/** The rows of a search: only those in view are in the document. */
export function List ({ search, begin = '', isDimmed = () => false }: ListProps) {
  const { rows, scroller, probe } = useVirtualRows()
  const control = useMemo(() => new ListControl(search, rows), [search, rows])
  const folds = useFolds(search, rows)
  useRange(search, rows)
  useLook(control)
  useBegin(control, begin)
  useListCommands(control)
  useLayoutEffect(() => control.settle(scroller.current))
  const hasSelected = useSignal(false)
  const delegates = useMemo(() => delegatesOf(control, folds), [control, folds])
  const silenceMs = useSilence(search)
  const slots = useMemo(() => new Slots(), [])
  const { opened } = view.value
  const openedLog = isPhone.value && opened !== '' ? search.find(opened) : undefined
  return (
    <div class='list' onPointerUp={() => { hasSelected.value ||= getSelection()?.type === 'Range' }} {...delegates}>
      <div
        class='list-grid'
        role='treegrid'
        aria-label={texts.value.list.label}
        aria-rowcount={search.state.value.isAtEnd ? search.count + 1 : -1}
        aria-multiselectable
      >
        <Head />
        <div class='list-rows' ref={scroller} role='presentation'>
          <div class='row-probe' ref={probe} aria-hidden='true' />
          <div class='list-canvas' role='presentation' style={{ height: `${rows.height}px` }}>
            {slots.of(shownOf(control)).map(({ slot, index, top }) => (
              <div key={slot} class='row' data-index={index} ref={rows.observe} style={{ top: `${top}px` }}>
                <Row {...rowOf(control, index)} />
              </div>
            ))}
          </div>
        </div>
      </div>
      {hasSelected.value && <SelectionBubble />}
      {openedLog && <PhoneDetail key={openedLog.id} log={openedLog} />}
    </div>
  )

  function rowOf ({ search }: ListControl, index: number) {
    const log = search.at(index)
    const { start } = search.segments
    return {
      log,
      place: index - start + 2,
      previous: search.at(index - 1),
      isFirst: search.state.value.isAtStart && index === start,
      silenceMs: silenceMs.value,
      gone: search.segments.goneAt(index),
      folded: folds.value?.othersOf(index) ?? 0,
      isActive: index === control.active.value,
      isSelected: control.isSelected(index),
      isDimmed: log !== undefined && isDimmed(log),
      isLate: log !== undefined && search.late.value.has(log.id)
    }
  }
}

/** The rows in view, and the one with the focus: it stays, wherever it is. */
function shownOf ({ search, rows, active: { value: active } }: ListControl): readonly ShownRow[] {
  const { start, end } = search.segments
  const { shown } = rows
  const isShown = active < start || active >= end || shown.some(({ index }) => index === active)
  return isShown ? shown : [...shown, rows.place(active)]
}
