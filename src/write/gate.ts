import { Overloaded } from '../errors.ts'

/**
 * Bounds the memory that requests take: so many bytes of bodies may be under way at once. Who comes
 * then waits in line, unread, and is turned away only after `patience` milliseconds: many clients
 * try once more and then drop their logs.
 */
export class Gate {
  readonly #limit: number
  readonly #patience: number
  readonly #line: Array<{ bytes: number, entered: () => void }> = []
  #taken = 0

  constructor (limit: number, patience = 5000) {
    this.#limit = limit
    this.#patience = patience
  }

  /** Bytes under way, and how many requests wait for room. */
  get state (): { bytes: number, waiting: number } {
    return { bytes: this.#taken, waiting: this.#line.length }
  }

  /**
   * Calls back once there is room, at once where there is, for whoever gives it back; or with
   * Overloaded. What is larger than all the room waits until it is alone.
   */
  enter (bytes: number, callback: (error?: Error) => void): void {
    if (this.#line.length === 0 && this.#fits(bytes)) {
      this.#taken += bytes
      return callback()
    }
    const place = {
      bytes,
      entered () {
        clearTimeout(timer)
        callback()
      }
    }
    const timer = setTimeout(() => {
      this.#line.splice(this.#line.indexOf(place), 1)
      callback(new Overloaded())
    }, this.#patience)
    this.#line.push(place)
  }

  /** Who is in takes more than was foreseen. False where all that is in would take twice what it may. */
  grow (bytes: number): boolean {
    if (this.#taken + bytes > 2 * this.#limit) return false
    this.#taken += bytes
    return true
  }

  leave (bytes: number): void {
    this.#taken -= bytes
    while (this.#line.length > 0 && this.#fits(this.#line[0]!.bytes)) {
      const { bytes, entered } = this.#line.shift()!
      this.#taken += bytes
      entered()
    }
  }

  #fits (bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#limit
  }
}
