/** Milliseconds for which a slow search goes on by itself, since a user last did something. */
const autoContinueMs = 30_000
/** Pages that are read by themselves, since a user last did something: rows may be folded away. */
const autoPages = 20

/** How long a search reads on by itself: not for ever, while nobody does anything that wants rows. */
export class Effort {
  #since = performance.now()
  #pages = 0

  /** A user did something that wants rows. */
  renew (): void {
    this.#since = performance.now()
    this.#pages = 0
  }

  /** A page is read. */
  spend (): void {
    this.#pages++
  }

  get isLeft (): boolean {
    return performance.now() - this.#since < autoContinueMs && this.#pages < autoPages && !document.hidden
  }
}
