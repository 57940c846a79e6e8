/** Measures the rows in the document, now and whenever they change; each has its index as `data-index`. */
export class RowSizes {
  readonly #sizes = new Map<HTMLElement, number>()
  readonly #observer: ResizeObserver

  /** Tells `measured` the heights of rows. */
  constructor (measured: (heights: ReadonlyArray<readonly [index: number, height: number]>) => void) {
    this.#observer = new ResizeObserver((entries) => {
      const heights: Array<readonly [number, number]> = []
      for (const { target, borderBoxSize: [box] } of entries) {
        if (!(target instanceof HTMLElement) || !box || !target.isConnected) continue
        this.#sizes.set(target, box.blockSize)
        heights.push([indexOf(target), box.blockSize])
      }
      measured(heights)
    })
  }

  /** Takes a row when it comes into the document; gives the function that lets it go. */
  readonly observe = (row: HTMLElement | null): (() => void) | undefined => {
    if (!row) return undefined
    this.#observer.observe(row)
    return () => {
      this.#sizes.delete(row)
      this.#observer.unobserve(row)
    }
  }

  /** Measures each row again that differs from its known height: its element may have shown another row before. */
  check (known: (index: number) => number): void {
    for (const [row, size] of this.#sizes) if (size !== known(indexOf(row))) this.#again(row)
  }

  /** Measures all rows. */
  measure (): void {
    for (const row of this.#sizes.keys()) this.#again(row)
  }

  end (): void {
    this.#observer.disconnect()
  }

  #again (row: HTMLElement): void {
    this.#observer.unobserve(row)
    this.#observer.observe(row)
  }
}

function indexOf (row: HTMLElement): number {
  return Number(row.dataset.index)
}
