// Limits of a request, for all decoders: a few bytes may stand for much memory and work.
import { TooLarge } from '../errors.ts'

/** Logs and rejected pieces of a request: the smallest have two bytes, and a record takes hundreds. */
export const maxLogs = 100_000
/** Steps of a request without a log: resources, scopes, streams, and steps within a large log. */
const maxSteps = 1_000_000
/** JSON values of a request that is parsed as one text. An empty object takes two bytes there, and 56 of memory. */
export const maxValues = 1_000_000
/** JSON values or fields of one log, at all its levels together. */
export const maxLogValues = 50_000
/** Attributes of a log; further ones are kept as one text. */
export const maxAttributes = 10_000
/** Characters of an attribute's name; an attribute with a longer name is kept in that text. */
export const maxNameLength = 1000
/** Bytes of shared data, such as the labels of a stream, counted for each log. */
const maxSharedBytes = 256 * 1024 * 1024

/** Counts the logs, steps and shared bytes of a request. */
export class Growth {
  #logs = 0
  #steps = 0
  #sharedBytes = 0

  /** Adds a log, with the bytes that it shares with others. Throws TooLarge. */
  addLog (sharedBytes = 0): void {
    this.#sharedBytes += sharedBytes
    if (++this.#logs > maxLogs) throw new TooLarge(`a request must hold at most ${maxLogs} logs`)
    if (this.#sharedBytes > maxSharedBytes) {
      throw new TooLarge('the data that the logs of the request share is too large to be kept with each of them')
    }
  }

  /** Adds a step without a log. Throws TooLarge. */
  addStep (): void {
    if (++this.#steps <= maxSteps) return
    throw new TooLarge(`a request must hold at most ${maxSteps} resources, scopes, streams and other parts`)
  }
}

/** Yields the same steps. Throws TooLarge beyond the limits of a request. */
export function * bounded<T> (steps: Iterable<T | undefined>): Generator<T | undefined, void, void> {
  const growth = new Growth()
  for (const step of steps) {
    if (step === undefined) growth.addStep()
    else growth.addLog()
    yield step
  }
}
