import { Overloaded } from '../errors.ts'
import { BodyMemory, type Reservations } from './body-memory.ts'

/** Interval of the check for stalled uploads while requests wait. */
const stallCheckMs = 100
/** A body of at most this fraction of all memory is small. */
const smallFraction = 1 / 512

interface Waiting {
  memory: BodyMemory
  bytes: number
  resolve: () => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

/**
 * Bounds the memory of request bodies as their bytes arrive, and divides it fairly.
 *
 * A group (an address, or a user once authenticated) may reserve as much as it leaves free: one group half of all, two
 * groups a third each. So there is always memory for another group. Small bodies may use any free memory, whatever
 * their group has reserved. An upload that finds no memory waits, unread, until the timeout; meanwhile stalled uploads
 * lose their memory, if their group has reserved at least as much as the waiting one. One request at a time may exceed
 * all limits, so that uploads that wait for each other end.
 */
export class Gate implements Reservations {
  readonly #limit: number
  readonly #smallBytes: number
  readonly #timeoutMs: number
  readonly #open = new Set<BodyMemory>()
  /** Bytes reserved by each group. */
  readonly #groups = new Map<string, number>()
  /** In the order of arrival. */
  readonly #queue: Waiting[] = []
  #reserved = 0
  /** The request that may exceed all limits. */
  #exempt: BodyMemory | undefined
  #stallCheck: NodeJS.Timeout | undefined

  /** `limit` is in bytes of all bodies together; `timeoutMs` bounds the wait for memory. */
  constructor (limit: number, timeoutMs = 5000) {
    this.#limit = limit
    this.#smallBytes = limit * smallFraction
    this.#timeoutMs = timeoutMs
  }

  /** Bytes reserved, and the number of requests that wait for memory. */
  get state (): { bytes: number, waiting: number } {
    return { bytes: this.#reserved, waiting: this.#queue.length }
  }

  /** Opens the memory of a request, empty; it must be released when the request is over. */
  open (group: string): BodyMemory {
    const memory = new BodyMemory(this, group)
    this.#open.add(memory)
    return memory
  }

  move (memory: BodyMemory, group: string): void {
    const { reserved } = memory
    this.#charge(memory, -reserved)
    memory.group = group
    this.#charge(memory, reserved)
    this.#admit()
  }

  tryReserve (memory: BodyMemory, bytes: number): boolean {
    const fits = this.#fits(memory, bytes)
    if (fits) this.#charge(memory, bytes)
    return fits
  }

  reserve (memory: BodyMemory, bytes: number): Promise<void> | undefined {
    if (this.tryReserve(memory, bytes)) return undefined
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#removeWaiting(memory)
        reject(new Overloaded())
      }, this.#timeoutMs)
      this.#queue.push({ memory, bytes, resolve, reject, timer })
      this.#stallCheck ??= setInterval(() => this.#releaseStalled(), stallCheckMs)
      this.#admit()
    })
  }

  shrink (memory: BodyMemory, bytes: number): void {
    if (memory.reserved <= bytes) return
    if (this.#exempt === memory) this.#exempt = undefined
    this.#charge(memory, bytes - memory.reserved)
    this.#admit()
  }

  release (memory: BodyMemory, reasonOf: () => Error): void {
    this.#open.delete(memory)
    this.#removeWaiting(memory)?.reject(reasonOf())
    if (this.#exempt === memory) this.#exempt = undefined
    this.#charge(memory, -memory.reserved)
    this.#admit()
  }

  #charge (memory: BodyMemory, bytes: number): void {
    memory.reserved += bytes
    this.#reserved += bytes
    const reserved = this.#reservedBy(memory.group) + bytes
    if (reserved === 0) this.#groups.delete(memory.group)
    else this.#groups.set(memory.group, reserved)
  }

  #reservedBy (group: string): number {
    return this.#groups.get(group) ?? 0
  }

  #fits (memory: BodyMemory, bytes: number): boolean {
    if (this.#exempt === memory || this.#reserved === memory.reserved) return true
    const free = this.#limit - this.#reserved - bytes
    if (free < 0) return false
    return memory.reserved + bytes <= this.#smallBytes || this.#reservedBy(memory.group) + bytes <= free
  }

  /** Admits all waiting requests for which there is memory, the smallest body first. */
  #admit (): void {
    const [first] = this.#queue
    if (first === undefined) return
    this.#exempt ??= first.memory
    for (const { memory, bytes } of this.#bySize()) {
      if (!this.#fits(memory, bytes)) continue
      this.#charge(memory, bytes)
      this.#removeWaiting(memory)?.resolve()
    }
  }

  #bySize (): Waiting[] {
    const sizeOf = ({ memory, bytes }: Waiting) => memory.reserved + bytes
    return this.#queue.toSorted((one, other) => sizeOf(one) - sizeOf(other))
  }

  #removeWaiting (memory: BodyMemory): Waiting | undefined {
    const index = this.#queue.findIndex((waiting) => waiting.memory === memory)
    if (index < 0) return undefined
    const [waiting] = this.#queue.splice(index, 1)
    clearTimeout(waiting?.timer)
    if (this.#queue.length === 0) {
      clearInterval(this.#stallCheck)
      this.#stallCheck = undefined
    }
    return waiting
  }

  /** Releases the memory of stalled uploads until no request waits whose group has reserved less. */
  #releaseStalled (): void {
    const reservedByGroup = (memory: BodyMemory) => this.#reservedBy(memory.group)
    const stalled = [...this.#open]
      .filter((memory) => memory.reserved > 0 && memory.isStalled)
      .sort((one, other) => reservedByGroup(other) - reservedByGroup(one) || other.reserved - one.reserved)
    for (const memory of stalled) {
      const [next] = this.#bySize()
      if (!next) return
      if (reservedByGroup(memory) < reservedByGroup(next.memory)) continue
      memory.release()
    }
  }
}
