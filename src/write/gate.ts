import { Overloaded } from '../errors.ts'

/**
 * Bounds the memory that requests take: so many bytes of bodies may be under way at once. Who comes
 * then waits in line, unread, and is turned away only after `patience` milliseconds: many clients
 * try once more and then drop their logs.
 */
export class Gate {
  readonly #limit: number
  readonly #patience: number
  readonly #line: Array<{ bytes: number, enter: () => void }> = []
  #taken = 0

  constructor (limit: number, patience = 5000) {
    this.#limit = limit
    this.#patience = patience
  }

  /** Bytes under way, and how many requests wait for room. */
  get state (): { bytes: number, waiting: number } {
    return { bytes: this.#taken, waiting: this.#line.length }
  }

  /** Resolves once there is room, for whoever gives it back; throws Overloaded. What is larger than all the room waits until it is alone. */
  async enter (bytes: number): Promise<void> {
    if (this.#line.length > 0 || !this.#fits(bytes)) await this.#wait(bytes)
    else this.#taken += bytes
  }

  leave (bytes: number): void {
    this.#taken -= bytes
    while (this.#line.length > 0 && this.#fits(this.#line[0]!.bytes)) {
      const { bytes, enter } = this.#line.shift()!
      this.#taken += bytes
      enter()
    }
  }

  #fits (bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#limit
  }

  #wait (bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const place = {
        bytes,
        enter () {
          clearTimeout(timer)
          resolve()
        }
      }
      const timer = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(place), 1)
        reject(new Overloaded())
      }, this.#patience)
      this.#line.push(place)
    })
  }
}
