/** Bounds of a step: its size, and how long a statement of that size should take. */
export interface StepBounds {
  /** Size of the first step. */
  initial: number
  min: number
  max: number
  /** A step that takes less is followed by a larger one, in milliseconds. */
  quickMs: number
  /** A step that takes more is followed by a smaller one, in milliseconds. */
  slowMs: number
  /** The size is multiplied or divided by it. Default 2. */
  factor?: number
}

/** Size of the next step of long work: smaller after a slow step, larger after a quick one. */
export class AdaptiveStep {
  readonly #bounds: StepBounds
  #size: number

  constructor (bounds: StepBounds) {
    this.#bounds = bounds
    this.#size = bounds.initial
  }

  /** A whole number. */
  get size (): number {
    return this.#size
  }

  /** Adapts the size to the duration of the last step. One that ended early (`isWhole` false) never enlarges it. */
  record (tookMs: number, isWhole = true): void {
    const { quickMs, slowMs, factor = 2 } = this.#bounds
    if (tookMs > slowMs) this.shrink(factor)
    else if (tookMs < quickMs && isWhole) this.#size = Math.min(this.#size * factor, this.#bounds.max)
  }

  /** Divides the size, as after a step that was cut off. */
  shrink (factor: number): void {
    this.#size = Math.max(Math.floor(this.#size / factor), this.#bounds.min)
  }
}
