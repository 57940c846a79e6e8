import type { Readable } from 'node:stream'
import { Overloaded } from '../errors.ts'

/** An upload slower than this while others wait counts as stalled. */
const minBytesPerMs = 16
/** How far an upload may fall behind that pace before its memory may be taken away. */
const maxBehindMs = 500

/** An error is created when it is needed: it keeps the stack of its place, which costs as much as a short request. */
const overloaded = (): Error => new Overloaded()

/** Divides the memory of all bodies. See `Gate`. */
export interface Reservations {
  /** Reserves memory if there is some now. */
  tryReserve (memory: BodyMemory, bytes: number): boolean
  /** Reserves memory; returns a promise if that takes time, which rejects with Overloaded. */
  reserve (memory: BodyMemory, bytes: number): Promise<void> | undefined
  /** Charges the reserved memory to another group. */
  move (memory: BodyMemory, group: string): void
  /** Releases all memory but `bytes`. */
  shrink (memory: BodyMemory, bytes: number): void
  /** Releases all memory for good; what waits for memory rejects with this error. */
  release (memory: BodyMemory, reasonOf: () => Error): void
}

/** A body in parts, read no faster than memory can be reserved for them. */
export interface BodyParts extends AsyncIterable<Buffer> {
  /** Resolves to the whole body if it came in one packet with its headers, and there is memory for it now. */
  readAtOnce (): Promise<Buffer | undefined>
}

/** Resolves when the packets that were just received are parsed to their ends. */
const parsed = () => new Promise<void>((resolve) => { setImmediate(resolve) })

/** A request of HTTP; `complete` once all of it has arrived. */
type Body = Readable & { complete?: boolean }

/** Memory reserved for the body of one request. */
export class BodyMemory {
  readonly #gate: Reservations
  /** Address or user that the bytes are charged to. */
  group: string
  /** Bytes reserved. */
  reserved = 0
  #wake = (): void => {}
  #releasedBecause: (() => Error) | undefined
  /** How far the sender is behind the slowest pace allowed. */
  #behindMs = 0
  /** When the current wait for the sender began; undefined while there is none. */
  #idleSince: number | undefined

  constructor (gate: Reservations, group: string) {
    this.#gate = gate
    this.group = group
  }

  /** Whether the sender is too far behind the slowest pace allowed. */
  get isStalled (): boolean {
    return this.#idleSince !== undefined && this.#behindMs + performance.now() - this.#idleSince > maxBehindMs
  }

  /** Reserves more memory; returns a promise if that takes time. Throws or rejects with Overloaded. */
  reserve (bytes: number): Promise<void> | undefined {
    if (this.#releasedBecause) throw this.#releasedBecause()
    return this.#gate.reserve(this, bytes)
  }

  /** Charges the reserved memory to another group from now on. */
  chargeTo (group: string): void {
    this.#gate.move(this, group)
  }

  /** Releases all memory but `bytes`. */
  shrinkTo (bytes: number): void {
    this.#gate.shrink(this, bytes)
  }

  /** Releases all memory for good; reading and waiting end with this error. */
  release (reasonOf = overloaded): void {
    this.#releasedBecause ??= reasonOf
    this.#wake()
    this.#gate.release(this, reasonOf)
  }

  /**
   * Reads a body no faster than memory can be reserved for it.
   *
   * With `isCounted` false nothing is reserved. Unlike iterating over the stream itself, giving up leaves the
   * connection open for an answer.
   */
  read (body: Body, isCounted = true): BodyParts {
    return {
      readAtOnce: () => this.#readAtOnce(body, isCounted),
      [Symbol.asyncIterator]: () => this.#readParts(body, isCounted)
    }
  }

  /** Takes less than half the time and memory of reading it in parts. */
  async #readAtOnce (body: Body, isCounted: boolean): Promise<Buffer | undefined> {
    await parsed()
    if (this.#releasedBecause) throw this.#releasedBecause()
    const bytes = body.readableLength
    if (!body.complete || bytes === 0 || (isCounted && !this.#gate.tryReserve(this, bytes))) return undefined
    return body.read()
  }

  async * #readParts (body: Body, isCounted: boolean): AsyncGenerator<Buffer, void, void> {
    const whole = await this.#readAtOnce(body, isCounted)
    if (whole) {
      yield whole
      return
    }
    const wake = () => this.#wake()
    const events = ['readable', 'end', 'close', 'error']
    for (const event of events) body.on(event, wake)
    try {
      for (;;) {
        if (this.#releasedBecause) throw this.#releasedBecause()
        const part: Buffer | null = body.read()
        if (part !== null) {
          this.#behindMs = Math.max(0, this.#behindMs - part.length / minBytesPerMs)
          const turn = isCounted ? this.reserve(part.length) : undefined
          if (turn) await turn
          yield part
        } else if (body.readableEnded) {
          return
        } else if (body.destroyed) {
          throw Object.assign(new Error('the connection ended before the body did'), { statusCode: 400 })
        } else {
          await this.#waitForSender()
        }
      }
    } finally {
      for (const event of events) body.off(event, wake)
    }
  }

  async #waitForSender (): Promise<void> {
    this.#idleSince = performance.now()
    await new Promise<void>((resolve) => { this.#wake = resolve })
    this.#behindMs += performance.now() - this.#idleSince
    this.#idleSince = undefined
  }
}
