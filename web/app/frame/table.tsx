import '../style/table.css'
import type { ComponentChildren } from 'preact'

export interface TableProps {
  label: string
  /** Titles of the columns. */
  head: readonly string[]
  /** Titles of the columns of numbers. */
  numbers?: readonly string[]
  children: ComponentChildren
}

/** A table that scrolls by itself where it is wider than the screen. */
export function Table ({ label, head, numbers = [], children }: TableProps) {
  return (
    <div class='table' role='region' aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((title) => (
              <th key={title} scope='col' class={numbers.includes(title) ? 'number' : ''}>{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
