// What the logs of a request are known by, where its token asks for each to be stored once. A shipper that regroups sends a log
// again among others, so the log alone counts: the token, the time, the message and all else that is stored of it. Two equal logs
// of one request are meant as two, and come again as two: the second is known as the second.
import { hash as hashOf } from 'node:crypto'
import { millisecondsOf } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'

/** Logs of one request that are told apart, which takes about 5 MB: those behind them are stored however often they come. */
const maxLogs = 50_000
/** Bytes by which a log is known: six of its time, then of its hash. */
const logHashBytes = 16
const timeBytes = 6

export class SentLogs {
  readonly #token: string
  /** How often each log came in this request. */
  readonly #counts = new Map<string, number>()
  #logs = 0

  /** The logs of a request with this token. */
  constructor (tokenId: number | undefined) {
    this.#token = String(tokenId)
  }

  /** 16 bytes of each of the request's next logs; none of those past the number that is told apart. */
  hashesOf (records: readonly LogRecord[]): Buffer {
    const count = Math.min(records.length, maxLogs - this.#logs)
    this.#logs += count
    const hashes = Buffer.allocUnsafe(count * logHashBytes)
    for (let index = 0; index < count; index++) this.#write(records[index]!, hashes, index * logHashBytes)
    return hashes
  }

  #write (record: LogRecord, hashes: Buffer, at: number): void {
    const { eventAt, severity, message, pid, processName, description, attributes } = record
    const text = JSON.stringify([this.#token, eventAt, severity, message, pid, processName, description, sorted(attributes)])
    const first = hashOf('sha256', text, 'binary')
    const before = this.#counts.get(first) ?? 0
    this.#counts.set(first, before + 1)
    const own = before === 0 ? first : hashOf('sha256', `${first} ${before}`, 'binary')
    hashes.writeUIntBE((millisecondsOf(eventAt) + timeRange) % timeRange, at, timeBytes)
    hashes.write(own, at + timeBytes, logHashBytes - timeBytes, 'latin1')
  }
}

const timeRange = 2 ** (8 * timeBytes)

/** The same value, whatever the order of its names: some clients have none. */
function sorted (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value).sort(([one], [other]) => one < other ? -1 : 1).map(([name, inner]) => [name, sorted(inner)])
}
