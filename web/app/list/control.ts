// What a user does in a list: which row is active, which rows are selected, which one is opened.
import { signal } from '@preact/signals'
import type { Log } from '../api/types.ts'
import type { Search } from '../rows/search.ts'
import { navigate, view } from '../view/location.ts'
import { isPhone } from './phone.ts'
import type { VirtualRows } from './virtual-rows.ts'

export class ListControl {
  readonly search: Search
  readonly rows: VirtualRows
  /** Index of the row that has, or would get, the focus. */
  readonly active = signal(0)
  /** The other end of the selection. */
  readonly start = signal(0)
  #wantsFocus = false

  constructor (search: Search, rows: VirtualRows) {
    this.search = search
    this.rows = rows
  }

  get log (): Log | undefined {
    return this.search.at(this.active.value)
  }

  /** Moves the focus by a number of rows, over those that are folded away. */
  move (step: number, isExtended = false): void {
    const { start, end } = this.search.segments
    const way = Math.sign(step)
    let next = Math.max(start, Math.min(this.active.value + step, end - 1))
    while (next > start && next < end - 1 && this.rows.isHidden(next)) next += way
    while (next > start && this.rows.isHidden(next)) next--
    this.activate(next, isExtended)
  }

  activate (index: number, isExtended = false): void {
    this.active.value = index
    if (!isExtended) this.start.value = index
    this.rows.scrollTo(index)
    this.#wantsFocus = true
  }

  /** Makes a row the active one, in the middle; the focus stays where it is. */
  begin (index: number): void {
    this.active.value = this.start.value = index
    this.rows.scrollTo(index, 'middle')
  }

  /** Puts the focus on the active row, once it is in the document. */
  settle (scroller: HTMLElement | null): void {
    if (!this.#wantsFocus) return
    const line = scroller?.querySelector<HTMLElement>(`[data-index="${this.active.value}"] > .line`)
    if (!line) return
    this.#wantsFocus = false
    line.focus({ preventScroll: true })
  }

  isSelected (index: number): boolean {
    const { active, start } = this
    return index >= Math.min(active.value, start.value) && index <= Math.max(active.value, start.value)
  }

  /** The selected logs that are in memory. */
  get selected (): Log[] {
    const logs: Log[] = []
    const last = Math.max(this.active.value, this.start.value)
    for (let index = Math.min(this.active.value, this.start.value); index <= last; index++) {
      const log = this.search.at(index)
      if (log) logs.push(log)
    }
    return logs
  }

  /** Opens the active log, or closes it. On a phone it is an entry of the history: going back closes it. */
  toggle (): void {
    const { log } = this
    if (log) navigate({ opened: view.value.opened === log.id ? '' : log.id }, { replace: !isPhone.value })
  }
}
