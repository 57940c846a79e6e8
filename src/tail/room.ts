/** Whose tails wait: a user's, or, undefined, those that show everybody's logs. */
type Reader = number | undefined

/** Bytes of the logs that wait for a user's readers, and for all; of a user who has none waiting, one log may always wait. */
const maxUserBytes = 24_000_000
const maxBytes = 48_000_000

interface Waiting {
  bytes: number
  /** Bytes of each log, and how many wait for it: those share it. */
  logs: Map<object, { bytes: number, count: number }>
}

/** The memory of the logs that wait for readers of the tail. */
export class Room {
  readonly #users = new Map<Reader, Waiting>()
  #bytes = 0

  /** Whether the log may wait for one more of the user's readers; then it must be given up once. */
  take (user: Reader, log: object, bytes: number): boolean {
    const own = this.#users.get(user) ?? { bytes: 0, logs: new Map() }
    const known = own.logs.get(log)
    if (known) {
      known.count++
      return true
    }
    if (own.bytes > 0 && (own.bytes + bytes > maxUserBytes || this.#bytes + bytes > maxBytes)) return false
    own.logs.set(log, { bytes, count: 1 })
    own.bytes += bytes
    this.#bytes += bytes
    this.#users.set(user, own)
    return true
  }

  give (user: Reader, log: object): void {
    const own = this.#users.get(user)!
    const known = own.logs.get(log)!
    if (--known.count > 0) return
    own.logs.delete(log)
    own.bytes -= known.bytes
    this.#bytes -= known.bytes
    if (own.logs.size === 0) this.#users.delete(user)
  }
}
