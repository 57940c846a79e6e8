import { shortName } from './count-totals.ts'

/** The most frequent values of a field, and how many logs have others, or none. */
export interface RankedValues {
  values: Array<{ value: string, count: number }>
  /** Logs with another value. */
  rest: number
  /** Logs without a value. */
  missing: number
  distinct: number
  /** False where there are more distinct values than `distinct`, of which some may be frequent. */
  isExact: boolean
}

/** Bounds of the values that are counted by themselves; a value takes about 100 bytes beside its characters. */
const maxValues = 10_000
const maxCharacters = 1_000_000

/** Counts of a field's values, in bounded memory: values that come once it is full are counted together. */
export class ValueCounts {
  readonly #counts = new Map<string, number>()
  #characters = 0
  #others = 0
  #missing = 0

  add (value: string | null, count = 1): void {
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

  rank (top: number): RankedValues {
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
