/** A whole number from `least` to `most`. */
export function random (least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1))
}

/** From `least` to `most`, each power of ten equally likely. */
export function randomSize (least: number, most: number): number {
  return Math.round(least * (most / least) ** Math.random())
}
