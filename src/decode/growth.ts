import { TooLarge } from '../errors.ts'

/** A request may hold so many logs: the smallest ones have two bytes, and a record takes hundreds. */
const mostLogs = 100_000
/** What logs share may come to so many bytes when each has its own. */
const mostShared = 256 * 1024 * 1024

/** Bounds what a body grows to by becoming records, where it is dense, or where its logs share what is large. */
export class Growth {
  #logs = 0
  #shared = 0

  /** There is one more log, which shares so many bytes with others. Throws TooLarge. */
  add (shared: number): void {
    this.#shared += shared
    if (++this.#logs > mostLogs) throw new TooLarge(`a request must hold at most ${mostLogs} logs`)
    if (this.#shared > mostShared) throw new TooLarge('what the logs of the request share is too large to be kept with each of them')
  }
}
