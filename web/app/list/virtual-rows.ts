import { signal, type Signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Heights } from './heights.ts'
import { RowSizes } from './row-sizes.ts'

/** Browsers cap the height of an element, Firefox at 17.9 million pixels: higher lists show a part of themselves. */
const maxCanvas = 15_000_000
/** Rows are rendered in steps of this many, so that few scroll events render. */
const stepRows = 4
const overscanRows = 8
/** Milliseconds without scrolling after which rows around those in view are rendered, and the canvas may be moved. */
const restMs = 80

export interface ShownRow {
  index: number
  /** Distance from the top of the canvas, in pixels. */
  top: number
}

/** The rows that are in view, of any number. */
export class VirtualRows {
  readonly #version: Signal<number> = signal(0)
  readonly #sizes = new RowSizes((heights) => {
    const changed = heights.filter(([index, height]) => this.#heights.of(index) !== height)
    if (changed.length > 0) this.#setHeights(changed)
  })

  #heights = new Heights(26)
  #scroller: HTMLElement | undefined
  #screen = 0
  #width = 0
  /** Distance of the canvas from the top of the first row. */
  #origin = 0
  /** Distance of the view from the top of the first row. */
  #offset = 0
  /** Whether the scroller is still to be moved to the offset. */
  #isMoved = false
  #first = 0
  #last = -1
  /** Whether the last scroll was by more than a screen: then rows around those in view are for nothing. */
  #isFast = false
  #rest: ReturnType<typeof setTimeout> | undefined

  /** Measures a row while it is in the document; it has its index as `data-index`. */
  readonly observe = this.#sizes.observe

  /** Takes the element that scrolls, and one as high as a row; gives the function that lets them go. */
  mount (scroller: HTMLElement, probe: HTMLElement): () => void {
    this.#scroller = scroller
    const observer = new ResizeObserver((entries) => {
      for (const { target, borderBoxSize: [box] } of entries) {
        if (box) target === scroller ? this.#resized(box) : this.#probed(box)
      }
    })
    observer.observe(scroller)
    observer.observe(probe)
    const onScroll = () => this.#scrolled(scroller)
    scroller.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      scroller.removeEventListener('scroll', onScroll)
      observer.disconnect()
      this.#sizes.end()
      clearTimeout(this.#rest)
    }
  }

  /** Tells the indices of the first row and after the last one. The rows in view stay where they are. */
  setRange (start: number, end: number): void {
    this.#keepPlace(() => Object.assign(this.#heights, { start, end }))
  }

  #setHeights (heights: Iterable<readonly [index: number, height: number]>): void {
    this.#keepPlace(() => { for (const [index, height] of heights) this.#heights.set(index, height) })
  }

  /** Forgets all rows. */
  clear (): void {
    this.#heights = new Heights(this.rowHeight)
    this.#moveTo(0)
  }

  /** Forgets what was measured, and measures what is shown. */
  reset (usual = this.#heights.usual): void {
    this.#keepPlace(() => {
      const { start, end } = this.#heights
      const hidden = this.#heights.hidden()
      this.#heights = Object.assign(new Heights(usual), { start, end })
      for (const index of hidden) this.#heights.set(index, 0)
    })
    this.#sizes.measure()
  }

  /** Rows in view and some around them; who reads them in an effect is told of changes. */
  get shown (): ShownRow[] {
    void this.#version.value
    const rows: ShownRow[] = []
    let top = this.#heights.topOf(this.#first) - this.#origin
    for (let index = this.#first; index <= this.#last; index++) {
      const height = this.#heights.of(index)
      if (height > 0) rows.push({ index, top })
      top += height
    }
    return rows
  }

  /** Where a row stands that is not in view. */
  place (index: number): ShownRow {
    return { index, top: this.#heights.topOf(index) - this.#origin }
  }

  /** Hides rows. */
  hide (indices: readonly number[]): void {
    if (indices.length > 0) this.#setHeights(indices.map((index) => [index, 0]))
  }

  /** Shows rows that were hidden. */
  unhide (indices: readonly number[] = this.#heights.hidden()): void {
    if (indices.length > 0) this.#setHeights(indices.map((index) => [index, this.rowHeight]))
  }

  isHidden (index: number): boolean {
    return this.#heights.of(index) === 0
  }

  /** Height of a row of one line, in pixels. */
  get rowHeight (): number {
    return this.#heights.usual
  }

  /** The first and the last row that a user sees, without those around them. */
  get visible (): { first: number, last: number } {
    void this.#version.value
    return { first: this.#heights.indexAt(this.#offset), last: this.#heights.indexAt(this.#offset + this.#screen - 1) }
  }

  /** Height of the canvas, in pixels. */
  get height (): number {
    return Math.min(this.#heights.total, maxCanvas)
  }

  /** Rows that fit into a screen. */
  get screenRows (): number {
    return Math.max(1, Math.floor(this.#screen / this.#heights.usual) - 1)
  }

  /** Scrolls as little as needed to show a row, or so that it is in the middle. */
  scrollTo (index: number, align: 'nearest' | 'middle' = 'nearest'): void {
    const top = this.#heights.topOf(index)
    const height = this.#heights.of(index)
    const space = this.#screen - height
    if (align === 'middle') this.#moveTo(top - Math.max(0, space) / 2)
    else if (top < this.#offset || space < 0) this.#moveTo(top)
    else if (top > this.#offset + space) this.#moveTo(top - space)
  }

  /** Moves the scroller to where it should be, once the canvas is as high as it will be, and measures its rows. */
  settle (): void {
    this.#sizes.check((index) => this.#heights.of(index))
    if (!this.#isMoved || !this.#scroller) return
    this.#isMoved = false
    this.#scroller.scrollTop = this.#offset - this.#origin
  }

  /** Takes the height of a row of one line. */
  #probed ({ blockSize }: ResizeObserverSize): void {
    if (blockSize !== this.rowHeight) this.reset(blockSize)
  }

  #resized ({ blockSize, inlineSize }: ResizeObserverSize): void {
    const isOther = this.#width !== 0 && this.#width !== inlineSize
    this.#screen = blockSize
    this.#width = inlineSize
    if (isOther) this.reset()
    this.#render(true)
  }

  /** Changes heights so that the first row in view stays where it is. */
  #keepPlace (change: () => void): void {
    const first = this.#heights.indexAt(this.#offset)
    const hidden = this.#offset - this.#heights.topOf(first)
    change()
    const top = this.#heights.topOf(Math.max(this.#heights.start, Math.min(first, this.#heights.end)))
    if (top + hidden === this.#offset) this.#render(true)
    else this.#moveTo(top + hidden)
  }

  #moveTo (offset: number): void {
    this.#offset = Math.max(0, Math.min(offset, this.#heights.total - this.#screen))
    this.#isMoved = true
    const inCanvas = this.#offset - this.#origin
    if (inCanvas < 0 || inCanvas > this.height - this.#screen) this.#center()
    this.#render(true)
  }

  /** Moves the part that the canvas shows, so that the view is in its middle. */
  #center (): void {
    const { total } = this.#heights
    this.#origin = Math.max(0, Math.min(this.#offset - this.height / 2, total - this.height))
    this.#isMoved = true
  }

  #scrolled ({ scrollTop }: HTMLElement): void {
    if (this.#isMoved) return
    const offset = this.#origin + scrollTop
    this.#isFast = Math.abs(offset - this.#offset) > this.#screen
    this.#offset = offset
    this.#render(false)
    clearTimeout(this.#rest)
    if (this.#isFast || this.#heights.total > maxCanvas) this.#rest = setTimeout(() => this.#rested(scrollTop), restMs)
  }

  #rested (scrollTop: number): void {
    this.#isFast = false
    const isNearEdge = scrollTop < maxCanvas / 4 || scrollTop > maxCanvas * 3 / 4
    if (this.#heights.total > maxCanvas && isNearEdge) this.#center()
    this.#render(this.#isMoved)
  }

  #render (isForced: boolean): void {
    const { start, end } = this.#heights
    const first = this.#heights.indexAt(this.#offset)
    const last = this.#heights.indexAt(this.#offset + this.#screen)
    const around = this.#isFast ? 0 : overscanRows
    const from = Math.max(start, Math.floor(first / stepRows) * stepRows - around)
    const to = Math.min(end - 1, Math.ceil(last / stepRows) * stepRows + around)
    if (!isForced && from === this.#first && to === this.#last) return
    this.#first = from
    this.#last = to
    this.#version.value = this.#version.peek() + 1
  }
}

export function useVirtualRows () {
  const rows = useRef<VirtualRows>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLDivElement>(null)
  rows.current ??= new VirtualRows()
  const { current } = rows
  useEffect(() => (
    scroller.current && probe.current ? current.mount(scroller.current, probe.current) : undefined
  ), [current])
  useLayoutEffect(() => current.settle())
  return { rows: current, scroller, probe }
}
