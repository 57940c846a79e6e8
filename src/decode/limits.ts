// What a request may come to, for every decoder alike: small bytes can stand for much memory and work.
import { TooLarge } from '../errors.ts'

/** Logs and rejected pieces of a request: the smallest have two bytes, and a record takes hundreds. */
export const maxLogs = 100_000
/** Steps of a request without a log: resources, scopes and streams that are walked, and pauses within a large log. */
export const maxSteps = 1_000_000
/** JSON values of a request that is parsed as one text. An empty object takes two bytes there, and 56 of memory. */
export const maxValues = 1_000_000
/** JSON values or fields of one log, at all its levels together. */
export const maxLogValues = 50_000
/** Attributes of a log that are kept one by one; the others become one text. */
export const maxAttributes = 10_000
/** Characters of an attribute's name; one with a longer name is kept in that text. */
export const maxNameLength = 1000
/** Bytes that logs share, such as the labels of their stream, once each log has its own. */
const maxSharedBytes = 256 * 1024 * 1024

/** Counts what a request comes to. */
export class Growth {
  #logs = 0
  #steps = 0
  #sharedBytes = 0

  /** Adds a log, with the bytes that it shares with others. Throws TooLarge. */
  addLog (sharedBytes = 0): void {
    this.#sharedBytes += sharedBytes
    if (++this.#logs > maxLogs) throw new TooLarge(`a request must hold at most ${maxLogs} logs`)
    if (this.#sharedBytes > maxSharedBytes) throw new TooLarge('what the logs of the request share is too large to be kept with each of them')
  }

  /** Adds a step without a log. Throws TooLarge. */
  addStep (): void {
    if (++this.#steps > maxSteps) throw new TooLarge(`a request must hold at most ${maxSteps} resources, scopes, streams and other parts`)
  }
}

/** The same steps, which must be within the limits of a request. Throws TooLarge. */
export function * bounded<T> (steps: Iterable<T | undefined>): Generator<T | undefined, void, void> {
  const growth = new Growth()
  for (const step of steps) {
    if (step === undefined) growth.addStep()
    else growth.addLog()
    yield step
  }
}
