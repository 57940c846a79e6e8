import { useSignal, useSignalEffect } from '@preact/signals'
import type { Log } from '../api/types.ts'
import type { Search } from '../rows/search.ts'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import { Row } from './row.tsx'
import { useVirtualRows, type VirtualRows } from './virtual-rows.ts'

export interface ListProps {
  search: Search
  onOpen (log: Log): void
}

/** The rows of a search: only those in view are in the document. */
export function List ({ search, onOpen }: ListProps) {
  const { rows, scroller } = useVirtualRows()
  const active = useSignal(0)
  useSignalEffect(() => {
    void search.state.value
    rows.setCount(search.count)
  })
  useSignalEffect(() => {
    const first = rows.shown[0]
    const last = rows.shown.at(-1)
    if (first && last) search.look(first.index, last.index)
  })

  const onKeyDown = (event: KeyboardEvent) => {
    const step = stepOf(event.key, rows)
    const log = search.at(active.value)
    if (step !== undefined) {
      active.value = Math.max(0, Math.min(active.value + step, search.count - 1))
      rows.scrollTo(active.value)
    } else if (event.key === 'Enter' && log) {
      onOpen(log)
    } else {
      return
    }
    event.preventDefault()
  }

  const { list } = texts.value
  return (
    <div
      class='list'
      role='grid'
      aria-label={list.label}
      aria-rowcount={search.count + 1}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <Head />
      <div class='list-rows' ref={scroller} role='presentation'>
        <div class='list-canvas' role='presentation' style={{ height: `${rows.height}px` }}>
          {rows.shown.map(({ index, start }) => (
            <Row
              key={index}
              index={index}
              start={start}
              log={search.at(index)}
              previous={search.at(index - 1)}
              isActive={index === active.value}
              measure={rows.measure}
              onPick={(log) => {
                active.value = index
                onOpen(log)
              }}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

function Head () {
  const { columns } = texts.value.list
  return (
    <div class='list-head' role='row' aria-rowindex={1}>
      {view.value.columns.map(({ name }) => (
        <span key={name} role='columnheader' class={`cell cell-${name}`}>{columns[name] ?? name}</span>
      ))}
    </div>
  )
}

/** Rows by which a key moves; undefined for other keys. */
function stepOf (key: string, { screenRows }: VirtualRows): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: 1, ArrowUp: -1, PageDown: screenRows, PageUp: -screenRows, Home: -Infinity, End: Infinity
  }
  return Object.hasOwn(steps, key) ? steps[key] : undefined
}
