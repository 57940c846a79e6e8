/** A whole number from `least` to `most`. */
export function random (least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1))
}

/** A number from `least` to `most`, each power of ten equally likely. */
export function randomSize (least: number, most: number): number {
  return Math.round(least * (most / least) ** Math.random())
}

/** Returns a number in [0, 1). */
export type Random = () => number

/** Random numbers that depend only on the seed (mulberry32). */
export function seeded (seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number in [0, limit). */
export function whole (random: Random, limit: number): number {
  return Math.floor(random() * limit)
}

export function pick<T> (random: Random, choices: readonly T[]): T {
  return choices[whole(random, choices.length)]!
}
