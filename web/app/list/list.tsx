import { useSignal } from '@preact/signals'
import { useLayoutEffect, useMemo } from 'preact/hooks'
import { lazy } from '../frame/lazy.tsx'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { useListCommands } from './commands.ts'
import { ListControl } from './control.ts'
import { delegatesOf } from './delegates.ts'
import { Head } from './head.tsx'
import { useFolds, useLook, useRange, useSilence } from './hooks.ts'
import { Row } from './row.tsx'
import { useVirtualRows } from './virtual-rows.ts'

export interface ListProps {
  search: Search
  /** Logs that are shown less; undefined: none. */
  isDimmed?: (id: string) => boolean
}

const SelectionBubble = lazy(async () => (await import('../detail/selection-bubble.tsx')).SelectionBubble)

/** The rows of a search: only those in view are in the document. */
export function List ({ search, isDimmed = () => false }: ListProps) {
  const { rows, scroller, probe } = useVirtualRows()
  const control = useMemo(() => new ListControl(search, rows), [search, rows])
  const folds = useFolds(search, rows)
  useRange(search, rows)
  useLook(search, rows)
  useListCommands(control)
  useLayoutEffect(() => control.settle(scroller.current))
  const hasSelected = useSignal(false)
  const delegates = useMemo(() => delegatesOf(control, folds), [control, folds])
  const silenceMs = useSilence(search)

  const { segments } = search
  const { shown } = rows
  const active = control.active.value
  // The row with the focus stays, wherever it is.
  const isShown = active < segments.start || active >= segments.end || shown.some(({ index }) => index === active)
  const all = isShown ? shown : [...shown, rows.place(active)]
  const { chain, isAtStart, isAtEnd } = search.state.value
  return (
    <div
      class='list'
      role='grid'
      aria-label={texts.value.list.label}
      aria-rowcount={isAtEnd ? search.count + 1 : -1}
      aria-multiselectable
      onPointerUp={() => { hasSelected.value ||= getSelection()?.type === 'Range' }}
      {...delegates}
    >
      <Head />
      <div class='list-rows' ref={scroller} role='presentation'>
        <div class='row-probe' ref={probe} aria-hidden='true' />
        <div class='list-canvas' role='presentation' style={{ height: `${rows.height}px` }}>
          {all.map(({ index, top }) => {
            const log = search.at(index)
            return (
              <Row
                key={`${chain} ${index}`}
                index={index}
                top={top}
                place={index - segments.start + 2}
                log={log}
                previous={search.at(index - 1)}
                isFirst={isAtStart && index === segments.start}
                silenceMs={silenceMs.value}
                folded={folds.value?.othersOf(index) ?? 0}
                isActive={index === active}
                isSelected={control.isSelected(index)}
                isDimmed={log !== undefined && isDimmed(log.id)}
                observe={rows.observe}
              />
            )
          })}
        </div>
      </div>
      {hasSelected.value && <SelectionBubble />}
    </div>
  )
}
