// Heights of any number of rows: all have the usual one, but for those that were measured.

const blockRows = 256

interface Block {
  /** What its measured rows have more than the usual height, or less. */
  extra: number
  heights: Map<number, number>
}

export class Heights {
  /** Index of the first row. */
  start = 0
  /** Index after the last row. */
  end = 0
  readonly usual: number
  readonly #blocks = new Map<number, Block>()

  constructor (usual: number) {
    this.usual = usual
  }

  of (index: number): number {
    return this.#blocks.get(blockOf(index))?.heights.get(index) ?? this.usual
  }

  /** Sets the height of a row; 0 hides it. */
  set (index: number, height: number): void {
    const block = this.#blocks.get(blockOf(index)) ?? { extra: 0, heights: new Map<number, number>() }
    block.extra += height - (block.heights.get(index) ?? this.usual)
    if (height === this.usual) block.heights.delete(index)
    else block.heights.set(index, height)
    this.#blocks.set(blockOf(index), block)
  }

  /** Indices of the rows of no height. */
  hidden (): number[] {
    const measured = [...this.#blocks.values()].flatMap(({ heights }) => [...heights])
    return measured.filter(([, height]) => height === 0).map(([index]) => index)
  }

  /** Distance of a row from the top of the first one. */
  topOf (index: number): number {
    const own = blockOf(index)
    let top = (index - this.start) * this.usual
    for (const [place, { extra, heights }] of this.#blocks) {
      if (place < own) top += extra
      else if (place === own) for (const [row, height] of heights) if (row < index) top += height - this.usual
    }
    return top
  }

  get total (): number {
    return this.topOf(this.end)
  }

  /** The row at a distance from the top of the first one; the last row for distances beyond. */
  indexAt (offset: number): number {
    let index = this.start
    let rest = Math.max(0, offset)
    while (index < this.end) {
      const next = Math.min((blockOf(index) + 1) * blockRows, this.end)
      const block = this.#blocks.get(blockOf(index))
      const height = (next - index) * this.usual + (block?.extra ?? 0)
      if (rest < height) return this.#indexIn(index, rest)
      rest -= height
      index = next
    }
    return Math.max(this.start, this.end - 1)
  }

  #indexIn (first: number, offset: number): number {
    let rest = offset
    let index = first
    for (let height = this.of(index); rest >= height; height = this.of(index)) {
      rest -= height
      index++
    }
    return index
  }
}

function blockOf (index: number): number {
  return Math.floor(index / blockRows)
}
