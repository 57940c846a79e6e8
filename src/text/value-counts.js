// Counts the values of a field, in bounded memory.
// Plain JavaScript, because the threads of the embedded database run it, too.

/** A longer value is cut, and ends with `…`. */
export const maxNameCharacters = 1000

/** Bounds of the values that are counted by themselves; a value takes about 100 bytes beside its characters. */
const maxValues = 10_000
const maxCharacters = 1_000_000

/**
 * The value, or its first characters and an `…`.
 * @param {string} value
 */
export function shortName (value) {
  return value.length <= maxNameCharacters ? value : `${value.slice(0, maxNameCharacters).toWellFormed()}…`
}

/**
 * Counts that a thread sends: by value, of values that are not counted by themselves, of logs without a value.
 * @typedef {{ counts: Array<[value: string, count: number]>, others: number, missing: number }} CountedValues
 */

/**
 * The most frequent values, the numbers of logs with other values (`rest`) and without a value (`missing`), and the
 * number of distinct values. Unless it is exact, there are more of them, of which some may be frequent.
 * @typedef {object} RankedValues
 * @property {Array<{ value: string, count: number }>} values
 * @property {number} rest
 * @property {number} missing
 * @property {number} distinct
 * @property {boolean} isExact
 */

/** Values that are first found once it is full are counted together. */
export class ValueCounts {
  /** @type {Map<string, number>} */
  #counts = new Map()
  #characters = 0
  #others = 0
  #missing = 0

  /**
   * @param {string | null} value
   * @param {number} [count]
   */
  add (value, count = 1) {
    if (value === null) {
      this.#missing += count
      return
    }
    const name = shortName(value)
    const known = this.#counts.get(name)
    if (known !== undefined) this.#counts.set(name, known + count)
    else if (this.#counts.size === maxValues || this.#characters + name.length > maxCharacters) this.#others += count
    else {
      this.#counts.set(name, count)
      this.#characters += name.length
    }
  }

  /**
   * Adds the counts of a thread.
   * @param {CountedValues} counted
   */
  addAll ({ counts, others, missing }) {
    for (const [value, count] of counts) this.add(value, count)
    this.#others += others
    this.#missing += missing
  }

  /** @returns {CountedValues} */
  get counted () {
    return { counts: [...this.#counts], others: this.#others, missing: this.#missing }
  }

  /**
   * @param {number} top
   * @returns {RankedValues}
   */
  rank (top) {
    const ranked = [...this.#counts]
      .map(([value, count]) => ({ value, count }))
      .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1))
    return {
      values: ranked.slice(0, top),
      rest: ranked.slice(top).reduce((sum, { count }) => sum + count, this.#others),
      missing: this.#missing,
      distinct: ranked.length,
      isExact: this.#others === 0
    }
  }
}
