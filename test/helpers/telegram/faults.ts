/**
 * What goes wrong with one call: `delivered…` do what was asked, and then fail to say so; `slow` answers once it is
 * released; `neverAnswered`, `reset` and `badGateway` do nothing of what was asked.
 */
export type FaultKind = 'deliveredThenReset' | 'deliveredThen5xx' | 'halfAnswer' | 'neverAnswered' | 'reset' | 'slow' | 'badGateway'

export interface Fault {
  kind: FaultKind
  method: string | undefined
  /** Resolves once a call met it. */
  met: Promise<void>
  /** Lets a slow call go on. */
  release: () => void
  released: Promise<void>
  meet: () => void
}

/** Faults that wait for their call. */
export class Faults {
  #waiting: Fault[] = []
  readonly #slow: Fault[] = []

  add (kind: FaultKind, method?: string): Fault {
    const met = signal()
    const released = signal()
    const fault = { kind, method, met: met.promise, meet: met.resolve, released: released.promise, release: released.resolve }
    this.#waiting.push(fault)
    if (kind === 'slow') this.#slow.push(fault)
    return fault
  }

  /** The fault of a call of this method, which meets it. */
  take (method: string): Fault | undefined {
    const fault = this.#waiting.find((waiting) => waiting.method === undefined || waiting.method === method)
    this.#waiting = this.#waiting.filter((waiting) => waiting !== fault)
    fault?.meet()
    return fault
  }

  releaseAll (): void {
    for (const fault of this.#slow) fault.release()
  }
}

function signal (): { promise: Promise<void>, resolve: () => void } {
  let settle = () => {}
  const promise = new Promise<void>((resolve) => { settle = resolve })
  return { promise, resolve: settle }
}
