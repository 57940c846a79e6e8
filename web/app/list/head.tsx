import { useRef } from 'preact/hooks'
import { texts } from '../texts/index.ts'
import { view } from '../view/location.ts'
import type { Column } from '../view/view.ts'
import { moveColumn, removeColumn, resizeColumn } from './columns.ts'

/** The names of the columns: moved by dragging or Alt and arrows, made wider at their edge or with Shift beside. */
export function Head () {
  return (
    <div class='list-head' role='row' aria-rowindex={1}>
      {view.value.columns.map((column, place) => <HeadCell key={column.name} column={column} place={place} />)}
    </div>
  )
}

function HeadCell ({ column, place }: { column: Column, place: number }) {
  const { name, width } = column
  const { list } = texts.value
  const cell = useRef<HTMLSpanElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (event.key === 'Delete') removeColumn(name)
    else if (!event.altKey || step === 0) return
    else if (event.shiftKey) resizeColumn(name, charactersOf(cell.current) + step)
    else moveColumn(name, place + step)
    event.preventDefault()
  }
  return (
    <span
      ref={cell}
      role='columnheader'
      class={`cell cell-${name}`}
      style={width === undefined ? undefined : { width: `${width + 1}ch` }}
      tabIndex={0}
      title={list.columnKeys}
      draggable
      onKeyDown={onKeyDown}
      onDragStart={(event) => event.dataTransfer?.setData(dragType, name)}
      onDragOver={(event) => { if (event.dataTransfer?.types.includes(dragType)) event.preventDefault() }}
      onDrop={(event) => moveColumn(event.dataTransfer?.getData(dragType) ?? '', place)}
    >
      <span class='head-name'>{list.columns[name] ?? name}</span>
      {name !== 'message' && (
        <>
          <button
            type='button'
            class='head-remove'
            tabIndex={-1}
            aria-label={list.removeColumn(name)}
            title={list.removeColumn(name)}
            onClick={() => removeColumn(name)}
          >
            ×
          </button>
          <Edge onMove={(characters) => resizeColumn(name, characters)} cell={cell} />
        </>
      )}
    </span>
  )
}

const dragType = 'application/x-loggerbot-column'

interface EdgeProps {
  cell: { current: HTMLElement | null }
  onMove (characters: number): void
}

/** The edge of a column, by which a pointer makes it wider. */
function Edge ({ cell, onMove }: EdgeProps) {
  const from = useRef<{ x: number, characters: number } | undefined>(undefined)
  return (
    <span
      class='head-edge'
      aria-hidden='true'
      onPointerDown={(event) => {
        event.preventDefault()
        event.currentTarget.setPointerCapture(event.pointerId)
        from.current = { x: event.clientX, characters: charactersOf(cell.current) }
      }}
      onPointerMove={({ clientX }) => {
        const { current } = from
        if (current) onMove(current.characters + Math.round((clientX - current.x) / characterOf(cell.current)))
      }}
      onPointerUp={() => { from.current = undefined }}
      onPointerCancel={() => { from.current = undefined }}
    />
  )
}

/** Width of a character of the list, in pixels: its row for measuring is 100 characters wide. */
function characterOf (cell: HTMLElement | null): number {
  const probe = cell?.closest('.list')?.querySelector<HTMLElement>('.row-probe')
  return (probe?.offsetWidth ?? 800) / 100
}

/** Width of a column without its gap, in characters. */
function charactersOf (cell: HTMLElement | null): number {
  return Math.round((cell?.offsetWidth ?? 0) / characterOf(cell)) - 1
}
