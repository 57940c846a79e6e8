import type { Readable } from 'node:stream'
import { Overloaded } from '../errors.ts'

/** An upload slower than this while others wait counts as stalled. */
const minBytesPerMs = 16
/** How far behind that pace an upload may be before it loses its place. */
const stallMs = 500
/** How often stalled uploads are looked for while requests wait. */
const sweepMs = 100

interface Waiting {
  room: Room
  bytes: number
  resolve: () => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

/** Memory for the body of one request. */
export class Room {
  readonly #gate: Gate
  /** Address or user whose share the bytes count against. */
  group: string
  /** Bytes held. */
  held = 0
  #wake = (): void => {}
  #loss: Error | undefined
  /** Milliseconds that the sender is behind the slowest pace allowed. */
  #behindMs = 0
  /** When the wait for the sender began; undefined while there is none. */
  #idleSince: number | undefined

  constructor (gate: Gate, group: string) {
    this.#gate = gate
    this.group = group
  }

  /** The sender keeps us waiting. */
  get isStalled (): boolean {
    return this.#idleSince !== undefined && this.#behindMs + performance.now() - this.#idleSince > stallMs
  }

  /** Takes memory; a promise where it has to be waited for. Throws or rejects with Overloaded. */
  take (bytes: number): Promise<void> | undefined {
    if (this.#loss) throw this.#loss
    return this.#gate.take(this, bytes)
  }

  /** Counts what it holds against another group from now on. */
  moveTo (group: string): void {
    this.#gate.move(this, group)
  }

  /** Gives memory back but for so many bytes. */
  shrinkTo (bytes: number): void {
    this.#gate.shrink(this, bytes)
  }

  /** Gives all memory back; reading and waiting end with this error. */
  leave (reason: Error = new Overloaded()): void {
    this.#loss ??= reason
    this.#wake()
    this.#gate.leave(this, reason)
  }

  /**
   * Reads a body no faster than there is memory for it; with `isCounted` false its reader takes the memory.
   * Unlike iterating over the stream itself, giving up leaves the connection open for an answer.
   */
  async * read (body: Readable, isCounted = true): AsyncGenerator<Buffer, void, void> {
    const wake = () => this.#wake()
    const events = ['readable', 'end', 'close', 'error']
    for (const event of events) body.on(event, wake)
    try {
      for (;;) {
        if (this.#loss) throw this.#loss
        const part: Buffer | null = body.read()
        if (part !== null) {
          this.#behindMs = Math.max(0, this.#behindMs - part.length / minBytesPerMs)
          const turn = isCounted ? this.take(part.length) : undefined
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

/**
 * Bounds the memory that request bodies take, as their bytes arrive, and shares it out.
 *
 * A group (an address, or a user once known) may hold as much as it leaves free: one half of all, two a third each. So
 * there is always room for another. Small bodies may use what is free, whatever their group holds. An upload that
 * finds no room waits, unread, for up to `patience` ms; meanwhile stalled uploads of groups that hold no less than its own
 * lose their place. One request at a time may go on past all limits, so that uploads that wait for each other end.
 */
export class Gate {
  readonly #limit: number
  readonly #small: number
  readonly #patience: number
  readonly #rooms = new Set<Room>()
  readonly #groups = new Map<string, number>()
  /** In the order of arrival. */
  readonly #line: Waiting[] = []
  #taken = 0
  /** The request that may go on past all limits. */
  #first: Room | undefined
  #sweeper: NodeJS.Timeout | undefined

  constructor (limit: number, patience = 5000) {
    this.#limit = limit
    this.#small = limit / 512
    this.#patience = patience
  }

  /** Bytes of bodies under way, and how many requests wait for room. */
  get state (): { bytes: number, waiting: number } {
    return { bytes: this.#taken, waiting: this.#line.length }
  }

  /** An empty room, to be left when its request is over. */
  open (group: string): Room {
    const room = new Room(this, group)
    this.#rooms.add(room)
    return room
  }

  move (room: Room, group: string): void {
    const { held } = room
    this.#hold(room, -held)
    room.group = group
    this.#hold(room, held)
    this.#admit()
  }

  take (room: Room, bytes: number): Promise<void> | undefined {
    if (this.#fits(room, bytes)) {
      this.#hold(room, bytes)
      return undefined
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#forget(room)
        reject(new Overloaded())
      }, this.#patience)
      this.#line.push({ room, bytes, resolve, reject, timer })
      this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs)
      this.#admit()
    })
  }

  shrink (room: Room, bytes: number): void {
    if (room.held <= bytes) return
    if (this.#first === room) this.#first = undefined
    this.#hold(room, bytes - room.held)
    this.#admit()
  }

  leave (room: Room, reason: Error): void {
    this.#rooms.delete(room)
    this.#forget(room)?.reject(reason)
    if (this.#first === room) this.#first = undefined
    this.#hold(room, -room.held)
    this.#admit()
  }

  #hold (room: Room, bytes: number): void {
    room.held += bytes
    this.#taken += bytes
    const held = this.#heldBy(room.group) + bytes
    if (held === 0) this.#groups.delete(room.group)
    else this.#groups.set(room.group, held)
  }

  #heldBy (group: string): number {
    return this.#groups.get(group) ?? 0
  }

  #fits (room: Room, bytes: number): boolean {
    if (this.#first === room || this.#taken === room.held) return true
    const free = this.#limit - this.#taken - bytes
    return free >= 0 && (room.held + bytes <= this.#small || this.#heldBy(room.group) + bytes <= free)
  }

  /** Lets in whoever there is room for, the smallest body first. */
  #admit (): void {
    if (this.#line.length === 0) return
    this.#first ??= this.#line[0]!.room
    for (const { room, bytes } of this.#bySize()) {
      if (!this.#fits(room, bytes)) continue
      this.#hold(room, bytes)
      this.#forget(room)!.resolve()
    }
  }

  #bySize (): Waiting[] {
    return this.#line.toSorted((one, other) => one.room.held + one.bytes - other.room.held - other.bytes)
  }

  #forget (room: Room): Waiting | undefined {
    const index = this.#line.findIndex((waiting) => waiting.room === room)
    if (index < 0) return undefined
    const [waiting] = this.#line.splice(index, 1)
    clearTimeout(waiting!.timer)
    if (this.#line.length === 0) {
      clearInterval(this.#sweeper)
      this.#sweeper = undefined
    }
    return waiting
  }

  /** Takes rooms away from stalled uploads until nobody waits whose group holds less than theirs. */
  #sweep (): void {
    const stalled = [...this.#rooms]
      .filter((room) => room.held > 0 && room.isStalled)
      .sort((one, other) => this.#heldBy(other.group) - this.#heldBy(one.group) || other.held - one.held)
    for (const room of stalled) {
      const next = this.#bySize()[0]
      if (!next) return
      if (this.#heldBy(room.group) < this.#heldBy(next.room.group)) continue
      room.leave()
    }
  }
}
