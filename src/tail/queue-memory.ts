/** User whose logs a tail shows; undefined: those of all users. */
type Owner = number | undefined

/** Bytes of queued logs of one user's tails, and of all tails. A user with nothing queued may always queue one log. */
const maxOwnerBytes = 24_000_000
const maxBytes = 48_000_000

interface Queued {
  bytes: number
  /** For each log its bytes, and the number of tails that queue it: they share it. */
  logs: Map<object, { bytes: number, count: number }>
}

/** Bounds the memory of the logs that are queued for tails. */
export class QueueMemory {
  readonly #owners = new Map<Owner, Queued>()
  #bytes = 0

  /** Whether the log may be queued for one more of the owner's tails; then it must be released once. */
  reserve (owner: Owner, log: object, bytes: number): boolean {
    const queued = this.#owners.get(owner) ?? { bytes: 0, logs: new Map() }
    const shared = queued.logs.get(log)
    if (shared) {
      shared.count++
      return true
    }
    if (queued.bytes > 0 && (queued.bytes + bytes > maxOwnerBytes || this.#bytes + bytes > maxBytes)) return false
    queued.logs.set(log, { bytes, count: 1 })
    queued.bytes += bytes
    this.#bytes += bytes
    this.#owners.set(owner, queued)
    return true
  }

  release (owner: Owner, log: object): void {
    const queued = this.#owners.get(owner)
    const shared = queued?.logs.get(log)
    if (queued === undefined || shared === undefined || --shared.count > 0) return
    queued.logs.delete(log)
    queued.bytes -= shared.bytes
    this.#bytes -= shared.bytes
    if (queued.logs.size === 0) this.#owners.delete(owner)
  }
}
