// Heroku's drains over HTTP (application/logplex-1): messages of syslog, each after its length. They are as in RFC
// 5424, but have no field of structured data:
//
//   83 <40>1 2012-11-30T06:45:29+00:00 host app web.3 - State changed from starting to up
//
// Source: https://devcenter.heroku.com/articles/log-drains#https-drains
import { BadRequest, TooLarge } from '../errors.ts'
import type { LogRecord } from '../model/record.ts'
import type { SyslogMessage } from '../model/syslog.ts'
import { decodeSyslogSteps } from './syslog/index.ts'

const space = 0x20
const noData = Buffer.from(' -')

/** Characters of a length and the space after it. */
const maxCount = 9

/** Cuts a body into messages. */
export class LogplexCutter {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #length = 0
  /** Bytes needed for the next message. */
  #needed = 1

  /** `maxBytes` is the limit of a message. */
  constructor (maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Yields the messages that end in these bytes. Throws TooLarge, or BadRequest for a message without a length. */
  * push (chunk: Buffer): Generator<Buffer, void, void> {
    this.#parts.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#needed) return
    const bytes = Buffer.concat(this.#parts)
    let at = 0
    for (;;) {
      const start = bytes.toString('latin1', at, at + maxCount)
      const [head, count] = /^(\d+) /.exec(start) ?? []
      if (head === undefined && (start.length === maxCount || /\D/.test(start))) {
        throw new BadRequest('body must hold messages of syslog, each after its length')
      }
      if (Number(count) > this.#maxBytes) throw new TooLarge(`one log must have ${this.#maxBytes} bytes at most`)
      const end = head === undefined ? bytes.length + 1 : at + head.length + Number(count)
      this.#needed = end - at
      if (head === undefined || end > bytes.length) break
      yield bytes.subarray(at + head.length, end)
      at = end
    }
    this.#parts = [bytes.subarray(at)]
    this.#length = bytes.length - at
  }

  /** Throws BadRequest if the last message has not ended. */
  end (): Buffer[] {
    if (this.#length > 0) throw new BadRequest('body must not end within a message')
    return []
  }
}

/** Decodes one message. */
export function * decodeLogplex ({ bytes, ...others }: SyslogMessage): Generator<undefined, LogRecord, void> {
  const { record } = yield * decodeSyslogSteps({ bytes: withData(bytes), ...others })
  return record
}

/** Adds the mark of RFC 5424 for no structured data after the first six fields. */
function withData (bytes: Buffer): Buffer {
  let at = -1
  for (let field = 0; field < 6; field++) {
    at = bytes.indexOf(space, at + 1)
    if (at === -1) return bytes
  }
  return Buffer.concat([bytes.subarray(0, at), noData, bytes.subarray(at)])
}
