// Hashes of the logs of a request, for a token that stores each log once. A shipper may send a log again among others,
// so only the log counts: its token, time, message and all other stored parts. Two equal logs of one request are meant
// as two, and are repeated as two: the second has a hash of its own.
import { hash as hashOf } from 'node:crypto'
import { millisecondsOf } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'

/** Logs of one request that have a hash, which takes about 5 MB; further ones are stored every time. */
const maxLogs = 50_000
/** Bytes that identify a log: six of its time, then of its hash. */
const logHashBytes = 16
const timeBytes = 6

export class SentLogs {
  readonly #token: string
  /** Number of times that each log came in this request, by its hash. */
  readonly #counts = new Map<string, number>()
  #logs = 0

  /** For one request with this token. */
  constructor (tokenId: number | undefined) {
    this.#token = String(tokenId)
  }

  /** 16 bytes for each of the request's next logs, up to 50,000 logs. */
  hashesOf (records: readonly LogRecord[]): Buffer {
    const count = Math.min(records.length, maxLogs - this.#logs)
    this.#logs += count
    const hashes = Buffer.allocUnsafe(count * logHashBytes)
    for (const [index, record] of records.slice(0, count).entries()) this.#write(record, hashes, index * logHashBytes)
    return hashes
  }

  #write (record: LogRecord, hashes: Buffer, at: number): void {
    const { eventAt, severity, message, pid, processName, description, attributes } = record
    const parts = [this.#token, eventAt, severity, message, pid, processName, description, sorted(attributes)]
    const text = JSON.stringify(parts)
    const first = hashOf('sha256', text, 'binary')
    const before = this.#counts.get(first) ?? 0
    this.#counts.set(first, before + 1)
    const own = before === 0 ? first : hashOf('sha256', `${first} ${before}`, 'binary')
    hashes.writeUIntBE((millisecondsOf(eventAt) + timeRange) % timeRange, at, timeBytes)
    hashes.write(own, at + timeBytes, logHashBytes - timeBytes, 'latin1')
  }
}

const timeRange = 2 ** (8 * timeBytes)

/** Value without the order of its names, which some clients change. */
function sorted (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value)
    .sort(([one], [other]) => one < other ? -1 : 1)
    .map(([name, inner]) => [name, sorted(inner)])
}
