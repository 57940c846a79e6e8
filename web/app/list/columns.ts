// The columns of the list, as the address has them. The message takes what the others leave.
import { navigate, view } from '../view/location.ts'
import type { Column } from '../view/view.ts'

/** Characters that a column has at least, and at most. */
const minWidth = 2
const maxWidth = 200

/** Shows a field or an attribute by its dotted name, before the message. */
export function addColumn (name: string): void {
  const { columns } = view.value
  if (columns.some((column) => column.name === name)) return
  const at = columns.findIndex((column) => column.name === 'message')
  navigate({ columns: columns.toSpliced(at < 0 ? columns.length : at, 0, { name }) })
}

export function removeColumn (name: string): void {
  const columns = view.value.columns.filter((column) => column.name !== name)
  if (columns.length > 0) navigate({ columns })
}

/** Moves a column to the place that another one has. */
export function moveColumn (name: string, place: number): void {
  const { columns } = view.value
  const column = columns.find((column) => column.name === name)
  if (!column || place < 0 || place >= columns.length) return
  navigate({ columns: columns.filter((other) => other !== column).toSpliced(place, 0, column) }, { replace: true })
}

/** Sets the width of a column, in characters. */
export function resizeColumn (name: string, width: number): void {
  const bounded = Math.round(Math.max(minWidth, Math.min(width, maxWidth)))
  const resize = (column: Column) => column.name === name ? { name, width: bounded } : column
  navigate({ columns: view.value.columns.map(resize) }, { replace: true })
}
