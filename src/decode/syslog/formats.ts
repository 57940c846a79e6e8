import type { DecodedSyslog, SyslogMessage } from '../../model/syslog.ts'
import { GelfChunks } from '../gelf/chunks.ts'
import { runAtOnce, runInTurns, stepBytes } from '../steps.ts'
import { Frames } from './frames.ts'
import { decodeMessageSteps, isReadable, kindOf, unpackMessage } from './port.ts'

/** Reads the formats that are sent to syslog's ports. */
export class SyslogFormats {
  readonly #messageLimit: number
  readonly #chunks: GelfChunks

  /** `messageLimit` is in bytes of one message; `chunkLimit` in bytes of memory of all unfinished messages of GELF. */
  constructor (messageLimit: number, chunkLimit: number) {
    this.#messageLimit = messageLimit
    this.#chunks = new GelfChunks(chunkLimit, messageLimit)
  }

  /** Messages of GELF that lost a chunk. */
  get lostChunks (): number {
    this.#chunks.forgetOld(performance.now())
    return this.#chunks.lost
  }

  /** Starts cutting a stream into messages. */
  newFrames (): Frames {
    return new Frames(this.#messageLimit)
  }

  /**
   * Resolves to the whole message of a datagram, unpacked; to undefined while chunks of it are missing.
   *
   * Rejects with TooLarge, or with BadRequest if it can't be unpacked.
   */
  async open (datagram: SyslogMessage): Promise<SyslogMessage | undefined> {
    const { bytes, address } = datagram
    const whole = kindOf(bytes) === 'chunk' ? this.#chunks.add(bytes, address, performance.now()) : bytes
    if (whole === undefined) return undefined
    return { ...datagram, bytes: kindOf(whole) === 'packed' ? await unpackMessage(whole, this.#messageLimit) : whole }
  }

  /** Decodes the logs of a message. Rejects with TooLarge, or with BadRequest if the message can't be decoded. */
  async decode (message: SyslogMessage): Promise<DecodedSyslog[]> {
    const steps = decodeMessageSteps(message)
    return message.bytes.length > stepBytes ? runInTurns(steps) : runAtOnce(steps)
  }

  /** Whether a message is neither text nor JSON. */
  isBinary (bytes: Buffer): boolean {
    return !isReadable(bytes)
  }
}
