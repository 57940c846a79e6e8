import type { ShownRow } from './virtual-rows.ts'

/**
 * Elements for rows: a row keeps its own while it is shown, then another row takes it. An element that only gets other
 * texts costs half of a new one.
 */
export class Slots {
  #slots = new Map<number, number>()
  #made = 0

  /** Gives each of the rows in view a slot. */
  of (rows: readonly ShownRow[]): Array<ShownRow & { slot: number }> {
    const shown = new Set(rows.map(({ index }) => index))
    const free = [...this.#slots].filter(([index]) => !shown.has(index)).map(([, slot]) => slot).reverse()
    const placed = rows.map((row) => ({ ...row, slot: this.#slots.get(row.index) ?? free.pop() ?? this.#made++ }))
    this.#slots = new Map(placed.map(({ index, slot }) => [index, slot]))
    return placed
  }
}
