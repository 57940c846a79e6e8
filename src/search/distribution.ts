// Quantiles of numbers in bounded memory. A few numbers are kept as they are. Beyond that they are counted in classes
// of about the same size, as by DDSketch (https://arxiv.org/abs/1908.10693): class k holds the numbers from b^(k-1) to
// b^k, so its middle is wrong by the same share of the number everywhere. If there are too many classes, two and two
// become one, which doubles that share.

/** Statistics of numbers. */
export interface Summary {
  count: number
  min: number
  max: number
  avg: number
  /** The smallest number that at least half of all numbers do not exceed; and so on. */
  p50: number
  p95: number
  p99: number
}

/** Bounds of what all distributions of an answer keep. */
export interface DistributionLimit {
  numbers: number
  classes: number
}

const defaultLimit: DistributionLimit = { numbers: 500_000, classes: 100_000 }
/** Logarithm of b at first: the middle of a class is wrong by 1 % at most. */
const firstStep = 2 * Math.atanh(0.01)

/** Distributions of numbers, each by the key of its interval. */
export class Distributions {
  readonly #limit: DistributionLimit
  readonly #byKey = new Map<number, Distribution>()
  /** Logarithm of b; undefined while all numbers are kept. */
  #step: number | undefined
  #kept = 0

  constructor (limit = defaultLimit) {
    this.#limit = limit
  }

  /** The share of itself by which a quantile may be wrong; 0 where it is exact. */
  get error (): number {
    return this.#step === undefined ? 0 : Math.tanh(this.#step / 2)
  }

  add (key: number, number: number): void {
    let distribution = this.#byKey.get(key)
    if (distribution === undefined) this.#byKey.set(key, distribution = new Distribution(this.#step))
    this.#kept += distribution.add(number)
    while (this.#kept > (this.#step === undefined ? this.#limit.numbers : this.#limit.classes)) this.#coarsen()
  }

  * summaries (): Generator<[key: number, summary: Summary], void, void> {
    for (const [key, distribution] of this.#byKey) yield [key, distribution.summarize()]
  }

  #coarsen (): void {
    this.#step = this.#step === undefined ? firstStep : 2 * this.#step
    this.#kept = 0
    for (const distribution of this.#byKey.values()) this.#kept += distribution.coarsen(this.#step)
  }
}

/** A factor for sums, so that the largest numbers add up without an overflow, and none loses a digit. */
const sumScale = 2 ** -64

class Distribution {
  #count = 0
  #min = Infinity
  #max = -Infinity
  #sum = 0
  #values: Numbers | Classes

  constructor (step: number | undefined) {
    this.#values = step === undefined ? new Numbers() : new Classes(step)
  }

  /** Returns by how many numbers, or classes, more are kept. */
  add (number: number): number {
    this.#count++
    this.#sum += number * sumScale
    if (number < this.#min) this.#min = number
    if (number > this.#max) this.#max = number
    return this.#values.add(number, 1)
  }

  /** Returns the number of classes. */
  coarsen (step: number): number {
    const classes = new Classes(step)
    for (const [number, count] of this.#values.entries()) classes.add(number, count)
    this.#values = classes
    return classes.size
  }

  summarize (): Summary {
    const [p50 = 0, p95 = 0, p99 = 0] = quantiles(this.#values.entries(), this.#count, [0.5, 0.95, 0.99])
      .map((value) => this.#clamp(value))
    const avg = this.#clamp(this.#sum / this.#count / sumScale)
    return { count: this.#count, min: this.#min, max: this.#max, avg, p50, p95, p99 }
  }

  #clamp (value: number): number {
    return Math.min(Math.max(value, this.#min), this.#max)
  }
}

/** The values at shares, which ascend, of the values in order. */
function quantiles (entries: Iterable<[number, number]>, total: number, shares: readonly number[]): number[] {
  const found: number[] = []
  let passed = 0
  for (const [value, count] of entries) {
    passed += count
    while (found.length < shares.length && passed >= Math.ceil((shares[found.length] ?? 1) * total)) found.push(value)
  }
  return found
}

/** All numbers. */
class Numbers {
  readonly #numbers: number[] = []

  add (number: number): number {
    this.#numbers.push(number)
    return 1
  }

  /** In order. */
  * entries (): Generator<[number: number, count: number], void, void> {
    for (const number of Float64Array.from(this.#numbers).sort()) yield [number, 1]
  }
}

/** Numbers of numbers in classes. */
class Classes {
  readonly #step: number
  readonly #below = new Map<number, number>()
  readonly #above = new Map<number, number>()
  #zeros = 0

  constructor (step: number) {
    this.#step = step
  }

  get size (): number {
    return this.#below.size + this.#above.size
  }

  add (number: number, count: number): number {
    const before = this.size
    const classes = number < 0 ? this.#below : this.#above
    const key = Math.ceil(Math.log(Math.abs(number)) / this.#step)
    if (number === 0) this.#zeros += count
    else classes.set(key, (classes.get(key) ?? 0) + count)
    return this.size - before
  }

  /** The middles of the classes, in order. */
  * entries (): Generator<[middle: number, count: number], void, void> {
    const ascending = (classes: Map<number, number>) => [...classes].sort(([one], [other]) => one - other)
    for (const [key, count] of ascending(this.#below).reverse()) yield [-this.#middleOf(key), count]
    if (this.#zeros > 0) yield [0, this.#zeros]
    for (const [key, count] of ascending(this.#above)) yield [this.#middleOf(key), count]
  }

  #middleOf (key: number): number {
    return 2 * Math.exp(key * this.#step) / (1 + Math.exp(this.#step))
  }
}
