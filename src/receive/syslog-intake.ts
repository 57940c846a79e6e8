// From the bytes of syslog's ports to durable logs:
//
//   TCP, TLS → frames → messages → decoded → their owners looked up → batches by owner → stored
//   UDP      → chunks put together, packed messages unpacked ↗
//
// A TCP connection is read no faster than its logs become durable, however long that takes. Datagrams that arrive
// faster are lost, and counted.
import { setTimeout as delay } from 'node:timers/promises'
import { BadRequest, describeFailure, TooLarge, TooManyAttempts, TooManyLogs } from '../errors.ts'
import type { LogBatch } from '../model/batch.ts'
import type { LogRecord } from '../model/record.ts'
import type { ServerLog } from '../model/server-log.ts'
import type { DecodedSyslog, SyslogMessage } from '../model/syslog.ts'

export type Transport = 'tcp' | 'tls' | 'udp'

/**
 * Why a message is not stored.
 *
 * - `unknown`: it carries no valid token, and no default user is set
 * - `unavailable`: the server is closing, or the user is over their rate, or the token can't be verified now: too many
 *   wrong ones came from its address, or it came by UDP while the database was unavailable
 * - `too_long`: it exceeds the limit
 * - `malformed`: it has more parameters than a log may have, or is broken JSON that contains a token
 * - `binary`: it is neither text nor GELF
 * - `cut`: the connection broke within it, or a chunk of GELF did not arrive
 * - `queue`: by UDP, messages arrive faster than they are stored
 * - `kernel`: by UDP, messages arrive faster than they are read, where the system counts that
 */
export type SyslogLoss = 'unknown' | 'unavailable' | 'too_long' | 'malformed' | 'binary' | 'cut' | 'queue' | 'kernel'

/** Cuts a stream into messages. */
interface Frames {
  /** Bytes of the unfinished message. */
  readonly bytes: number
  /** Messages that were skipped because they announced too large a length. */
  readonly skipped: number
  /** Whether an unfinished message exceeds the limit; nothing can be read after it. */
  readonly tooLong: boolean
  push (piece: Buffer): Buffer[]
  end (): { messages: Buffer[], cut: boolean }
}

/** Reads the formats that are sent to syslog's ports. See `src/decode/syslog/port.ts`. */
export interface SyslogFormats {
  newFrames (): Frames
  /** The whole message of a datagram, unpacked; undefined while chunks of it are missing. Rejects as `decode`. */
  open (datagram: SyslogMessage): Promise<SyslogMessage | undefined>
  /** Rejects with TooLarge, or with BadRequest if the message can't be decoded. */
  decode (message: SyslogMessage): Promise<DecodedSyslog[]>
  isBinary (bytes: Buffer): boolean
}

export interface SyslogIntakeOptions {
  formats: SyslogFormats
  /** Maximum size of a message in bytes. */
  messageLimit: number
  /** Owner of messages without a token; undefined drops them. */
  defaultUser?: string
  /** Finds the default user; resolves to undefined if there is none, or it is disabled. */
  findUser: (name: string) => Promise<{ id: number } | undefined>
  /** Finds the user whose token allows writing; resolves to undefined if there is none. */
  findTokenOwner: (token: string, address: string) => Promise<number | undefined>
  newKey: () => Buffer
  write: (batch: LogBatch) => Promise<unknown>
  log: ServerLog
}

const tooLongSentence =
  'a syslog message is too long, or too many long ones arrive at once; its connection is closed'

type Owner = number | 'unknown' | 'unavailable'

const maxBatchLogs = 1000
/** Approximate bytes of unpacked datagrams that are stored together. */
const groupBytes = 1024 * 1024
/** Unfinished messages of all connections may take this many times the limit of one message. */
const maxUnfinishedMessages = 4
/** Delay before a failed look-up or a failed batch is retried. */
const retryMs = 1000
/** Each kind of problem is logged at most once within this time. */
const logIntervalMs = 60_000

/** Stores messages, each for the user named by its token, or else for the default user. */
export class SyslogIntake {
  /** Messages received; the counts only grow. */
  readonly messages: Record<Transport, number> = { tcp: 0, tls: 0, udp: 0 }
  /** Messages lost; the counts only grow. */
  readonly lost: Record<Exclude<SyslogLoss, 'kernel'>, number> =
    { unknown: 0, unavailable: 0, too_long: 0, malformed: 0, binary: 0, cut: 0, queue: 0 }

  readonly #options: SyslogIntakeOptions
  readonly #closing = new AbortController()
  /** Bytes of unfinished messages of all connections. */
  #unfinishedBytes = 0
  /** When each kind of problem was logged last, by the monotonic clock. */
  readonly #loggedAt = new Map<string, number>()

  constructor (options: SyslogIntakeOptions) {
    this.#options = options
  }

  /** Stops retrying: what can't be stored now is lost. */
  close (): void {
    this.#closing.abort()
  }

  /** Stores a connection's messages; resolves when the connection ends, or must be closed. */
  async storeStream (pieces: AsyncIterable<Buffer>, address: string, transport: Transport): Promise<void> {
    const { formats, messageLimit } = this.#options
    const frames = formats.newFrames()
    const store = (messages: Buffer[]) =>
      this.#store(messages.map((bytes) => ({ bytes, arrivedAt: Date.now(), address })), transport)
    let bytes = 0
    try {
      for await (const piece of pieces) {
        const { skipped } = frames
        const messages = frames.push(piece)
        this.lost.too_long += frames.skipped - skipped
        this.#unfinishedBytes += frames.bytes - bytes
        bytes = frames.bytes
        await store(messages)
        if (frames.tooLong || this.#unfinishedBytes > maxUnfinishedMessages * messageLimit) {
          this.lost.too_long++
          return this.#warn('connection', tooLongSentence, { address })
        }
      }
      const rest = frames.end()
      await store(rest.messages)
      if (rest.cut) this.lost.cut++
    } catch {
      if (frames.bytes > 0) this.lost.cut++
    } finally {
      this.#unfinishedBytes -= bytes
    }
  }

  /** Stores datagrams; never rejects. */
  async storeDatagrams (datagrams: readonly SyslogMessage[]): Promise<void> {
    let opened: SyslogMessage[] = []
    let bytes = 0
    for (const datagram of datagrams) {
      const message = await this.#open(datagram)
      if (!message) continue
      opened.push(message)
      bytes += message.bytes.length
      if (bytes < groupBytes) continue
      await this.#store(opened, 'udp')
      opened = []
      bytes = 0
    }
    await this.#store(opened, 'udp')
  }

  /** Counts a datagram that was dropped because too many wait. */
  noteOverflow (): void {
    this.lost.queue++
    this.#warn('queue', 'syslog messages arrive by UDP faster than they can be stored; some are lost')
  }

  async #open (datagram: SyslogMessage): Promise<SyslogMessage | undefined> {
    try {
      return await this.#options.formats.open(datagram)
    } catch (error) {
      this.#drop(datagram, error, 'binary')
      return undefined
    }
  }

  /** Counts a message that can't be decoded; rethrows every other error. */
  #drop ({ address }: SyslogMessage, error: unknown, loss: 'malformed' | 'binary'): void {
    if (!(error instanceof BadRequest || error instanceof TooLarge)) throw error
    const reason = error instanceof TooLarge ? 'too_long' : loss
    this.lost[reason]++
    this.#warn(reason, 'a syslog message is dropped', { address, reason: error.message })
  }

  /** Resolves once every log that has an owner is durable, or lost and counted. */
  async #store (messages: readonly SyslogMessage[], transport: Transport): Promise<void> {
    this.messages[transport] += messages.length
    for (const [userId, records] of await this.#groupByOwner(messages, transport)) {
      for (let start = 0; start < records.length; start += maxBatchLogs) {
        const part = records.slice(start, start + maxBatchLogs)
        // All attempts use the same key: the batch is stored once even if the answer to a commit is lost.
        const batch = { userId, records: part, key: this.#options.newKey() }
        try {
          const isPointless = (error: unknown) => transport === 'udp' && error instanceof TooManyLogs
          await this.#retry(() => this.#options.write(batch), isPointless)
        } catch (error) {
          this.lost.unavailable += part.length
          this.#warn('lost', 'syslog messages could not be stored and are lost', { failure: describeFailure(error) })
        }
      }
    }
  }

  /** Decodes messages; resolves to the logs of each owner, in order. */
  async #groupByOwner (messages: readonly SyslogMessage[], transport: Transport): Promise<Map<number, LogRecord[]>> {
    const owners = new Map<string | undefined, Promise<Owner>>()
    const logs: Array<{ record: LogRecord, token: string | undefined, address: string, owner: Promise<Owner> }> = []
    for (const message of messages) {
      for (const { record, token } of await this.#decode(message)) {
        const { address } = message
        // The look-ups run concurrently, so that unknown tokens do not delay others.
        const owner = owners.get(token) ?? this.#ownerOf(token, address, transport)
        owners.set(token, owner)
        logs.push({ record, token, address, owner })
      }
    }

    const byOwner = new Map<number, LogRecord[]>()
    for (const { record, token, address, owner: lookup } of logs) {
      const owner = await lookup
      if (typeof owner === 'string') {
        this.lost[owner]++
        const reason = owner === 'unknown' ? this.#explainUnknown(token) : 'its token can\'t be verified now'
        this.#warn(owner, 'a syslog message is dropped', { address, reason })
      } else {
        const records = byOwner.get(owner)
        if (records) records.push(record)
        else byOwner.set(owner, [record])
      }
    }
    return byOwner
  }

  async #decode (message: SyslogMessage): Promise<DecodedSyslog[]> {
    const { formats } = this.#options
    try {
      return await formats.decode(message)
    } catch (error) {
      this.#drop(message, error, formats.isBinary(message.bytes) ? 'binary' : 'malformed')
      return []
    }
  }

  /** Never rejects. */
  async #ownerOf (token: string | undefined, address: string, transport: Transport): Promise<Owner> {
    // An unknown sender must not delay the datagrams of all others, nor one of many wrong tokens those of a relay.
    const isPointless = (error: unknown) => transport === 'udp' || error instanceof TooManyAttempts
    try {
      return await this.#retry(() => this.#findOwner(token, address), isPointless) ?? 'unknown'
    } catch {
      return 'unavailable'
    }
  }

  async #findOwner (token: string | undefined, address: string): Promise<number | undefined> {
    const { defaultUser, findUser, findTokenOwner } = this.#options
    if (token !== undefined) return findTokenOwner(token, address)
    return defaultUser === undefined ? undefined : (await findUser(defaultUser))?.id
  }

  #explainUnknown (token: string | undefined): string {
    const { defaultUser } = this.#options
    if (token !== undefined) return 'its token is unknown, or has no scope write'
    if (defaultUser === undefined) return 'it carries no token, and no default user is set'
    return `the default user ${defaultUser} does not exist or is disabled`
  }

  /** Retries until the work is done, or the intake is closed, or waiting is pointless. */
  async #retry<T> (work: () => Promise<T>, isPointless: (error: unknown) => boolean): Promise<T> {
    const { signal } = this.#closing
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (signal.aborted || isPointless(error)) throw error
        this.#warn('waiting', 'syslog messages can\'t be stored now and wait', { failure: describeFailure(error) })
        await delay(retryMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** Logs a problem, unless one of its kind was logged lately. */
  #warn (kind: string, sentence: string, fields: object = {}): void {
    const now = performance.now()
    if (now - (this.#loggedAt.get(kind) ?? -Infinity) < logIntervalMs) return
    this.#loggedAt.set(kind, now)
    this.#options.log.warn(fields, sentence)
  }
}
