import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core'
import { useEffect, useRef } from 'preact/hooks'
import type { Log } from '../api/types.ts'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { Row } from './row.tsx'

/** Height of a row of one line, in pixels; the style sheet has the same. */
const rowHeight = 26
const overscanRows = 20

export interface ListProps {
  search: Search
  onOpen (log: Log): void
}

/** The rows of a search: only those in view are in the document. */
export function List ({ search, onOpen }: ListProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const version = useSignal(0)
  const active = useSignal(0)
  const virtualizer = useRef<Virtualizer<HTMLDivElement, HTMLDivElement>>(null)

  virtualizer.current ??= new Virtualizer<HTMLDivElement, HTMLDivElement>({
    count: 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: overscanRows,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => { version.value++ }
  })
  const virtual = virtualizer.current

  useEffect(() => {
    const clean = virtual._didMount()
    virtual._willUpdate()
    return clean
  }, [virtual])

  const count = useComputed(() => (search.state.value.version, search.count))
  useSignalEffect(() => {
    virtual.setOptions({ ...virtual.options, count: count.value })
    virtual._willUpdate()
    version.value = version.peek() + 1
  })

  useSignalEffect(() => {
    void version.value
    const shown = virtual.getVirtualItems()
    const first = shown[0]
    const last = shown.at(-1)
    if (first && last) search.look(first.index, last.index)
  })

  const move = (index: number) => {
    const bounded = Math.max(0, Math.min(index, search.count - 1))
    active.value = bounded
    virtual.scrollToIndex(bounded, { align: 'auto' })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1)
    const step = ({
      ArrowDown: 1, ArrowUp: -1, PageDown: pageRows, PageUp: -pageRows, Home: -Infinity, End: Infinity
    } as Record<string, number>)[event.key]
    const log = search.at(active.value)
    if (step !== undefined) move(active.value + step)
    else if (event.key === 'Enter' && log) onOpen(log)
    else return
    event.preventDefault()
  }

  void version.value
  const { columns } = view.value
  const { list } = texts.value
  return (
    <div class='list' role='grid' aria-label={list.label} aria-rowcount={count.value + 1} tabIndex={0} onKeyDown={onKeyDown}>
      <div class='list-head' role='row' aria-rowindex={1}>
        {columns.map((column) => (
          <span key={column} role='columnheader' class={`cell cell-${column}`}>{list.columns[column] ?? column}</span>
        ))}
      </div>
      <div class='list-rows' ref={scroller} role='presentation'>
        <div class='list-canvas' role='presentation' style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <Row
              key={index}
              index={index}
              start={start}
              log={search.at(index)}
              previous={search.at(index - 1)}
              isActive={index === active.value}
              onPick={(log) => { active.value = index; onOpen(log) }}
            />
          ))}
        </div>
      </div>
    </div>
  )
}
