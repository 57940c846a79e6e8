// Messages of GELF that came by UDP in chunks:
//
//   1e 0f   8 bytes of the message's id   the chunk's place, from 0   how many there are, 128 at most   its bytes
//
// Source: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html, "GELF via UDP".

const headerLength = 12
const maxChunks = 128
/** GELF wants a message forgotten whose chunks do not come within five seconds. */
const maxAgeMs = 5000
/** Bytes of memory that a message takes beside those of its chunks, and for each place of one. */
const overhead = 300
const overheadOfPlace = 16

interface Unfinished {
  startedAt: number
  /** By their place. */
  chunks: Array<Buffer | undefined>
  missing: number
  bytes: number
  memory: number
}

/** Puts messages together. What does not become whole in time, or takes too much memory, is forgotten and counted. */
export class GelfChunks {
  readonly #limit: number
  readonly #messageLimit: number
  /** By the sender and the id, the oldest first. */
  readonly #unfinished = new Map<string, Unfinished>()
  #memory = 0
  #lost = 0

  /** `limit` is in bytes of memory, of all messages that are not whole; `messageLimit` in bytes of one. */
  constructor (limit: number, messageLimit: number) {
    this.#limit = limit
    this.#messageLimit = messageLimit
  }

  /** Messages that were forgotten, and chunks that were none. */
  get lost (): number {
    return this.#lost
  }

  /** Bytes of memory that unfinished messages take. */
  get memory (): number {
    return this.#memory
  }

  /** The message that this chunk makes whole. `now` is in milliseconds of a clock that only goes on. */
  add (chunk: Buffer, address: string, now: number): Buffer | undefined {
    this.forgetOld(now)
    const [place, count] = [chunk[10], chunk[11]]
    if (place === undefined || count === undefined || count > maxChunks || place >= count) return this.#lose()

    const key = `${address} ${chunk.toString('latin1', 2, 10)}`
    const message = this.#unfinished.get(key) ?? this.#start(key, count, now)
    if (message.chunks.length !== count) return this.#lose()
    if (message.chunks[place] !== undefined) return undefined
    const bytes = chunk.subarray(headerLength)
    message.chunks[place] = bytes
    message.bytes += bytes.length
    message.memory += chunk.length
    this.#memory += chunk.length
    if (--message.missing === 0) {
      this.#forget(key, message)
      return Buffer.concat(message.chunks.filter((chunk) => chunk !== undefined), message.bytes)
    }
    if (message.bytes > this.#messageLimit) {
      this.#forget(key, message)
      return this.#lose()
    }
    this.#makeRoom()
    return undefined
  }

  /** Forgets what was begun too long ago. */
  forgetOld (now: number): void {
    for (const [key, message] of this.#unfinished) {
      if (now - message.startedAt < maxAgeMs) return
      this.#forget(key, message)
      this.#lose()
    }
  }

  #start (key: string, count: number, startedAt: number): Unfinished {
    const memory = overhead + count * overheadOfPlace
    const chunks = new Array<Buffer | undefined>(count).fill(undefined)
    const message = { startedAt, chunks, missing: count, bytes: 0, memory }
    this.#unfinished.set(key, message)
    this.#memory += memory
    return message
  }

  #makeRoom (): void {
    for (const [key, message] of this.#unfinished) {
      if (this.#memory <= this.#limit) return
      this.#forget(key, message)
      this.#lose()
    }
  }

  #forget (key: string, message: Unfinished): void {
    this.#unfinished.delete(key)
    this.#memory -= message.memory
  }

  #lose (): undefined {
    this.#lost++
  }
}
