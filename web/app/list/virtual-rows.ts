import { signal, type Signal } from '@preact/signals'
import {
  elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualItem
} from '@tanstack/virtual-core'
import { useEffect, useRef } from 'preact/hooks'

/** Height of a row of one line, in pixels; the style sheet has the same. */
export const rowHeight = 26
const overscanRows = 20

type RowVirtualizer = Virtualizer<HTMLDivElement, HTMLDivElement>

/** The rows that are in view, of any number. */
export class VirtualRows {
  readonly #virtualizer: RowVirtualizer
  readonly #version: Signal<number> = signal(0)
  #scroller: HTMLDivElement | null = null

  constructor () {
    this.#virtualizer = new Virtualizer({
      count: 0,
      getScrollElement: () => this.#scroller,
      estimateSize: () => rowHeight,
      overscan: overscanRows,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => { this.#changed() }
    })
  }

  /** Takes the element that scrolls; gives the function that lets it go. */
  mount (scroller: HTMLDivElement): () => void {
    this.#scroller = scroller
    const unmount = this.#virtualizer._didMount()
    this.#virtualizer._willUpdate()
    return unmount
  }

  setCount (count: number): void {
    this.#virtualizer.setOptions({ ...this.#virtualizer.options, count })
    this.#virtualizer._willUpdate()
    this.#changed()
  }

  /** Rows in view and some around them; who reads them in an effect is told of changes. */
  get shown (): VirtualItem[] {
    void this.#version.value
    return this.#virtualizer.getVirtualItems()
  }

  /** Height of all rows, in pixels. */
  get height (): number {
    return this.#virtualizer.getTotalSize()
  }

  /** Rows that fit into a screen. */
  get screenRows (): number {
    return Math.max(1, Math.floor((this.#scroller?.clientHeight ?? 0) / rowHeight) - 1)
  }

  /** Measures a row that is higher than one line; it has its index as `data-index`. */
  readonly measure = (row: HTMLDivElement | null): void => { this.#virtualizer.measureElement(row) }

  scrollTo (index: number): void {
    this.#virtualizer.scrollToIndex(index, { align: 'auto' })
  }

  #changed (): void {
    this.#version.value = this.#version.peek() + 1
  }
}

export function useVirtualRows () {
  const rows = useRef<VirtualRows>(null)
  const scroller = useRef<HTMLDivElement>(null)
  rows.current ??= new VirtualRows()
  const { current } = rows
  useEffect(() => scroller.current === null ? undefined : current.mount(scroller.current), [current])
  return { rows: current, scroller }
}
