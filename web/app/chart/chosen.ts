/** Bars that are chosen: from one to the other, in either order. */
export interface Chosen {
  /** Where a drag began; undefined: the one bar alone. */
  anchor: number | undefined
  /** The bar under the pointer, or that of the keys. */
  bar: number | undefined
}
