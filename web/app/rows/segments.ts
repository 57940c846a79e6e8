// The rows of a list, in bounded memory. A segment is a page of an answer; it knows how its rows are read again, and
// keeps the rows themselves only while they are near what is looked at. Indices are stable: rows that are put before
// the first one have lower indices, below zero at last. Logs that arrive later are segments of their own, which stay
// in memory; one that belongs into the middle moves the rows on the side on which the list grows.
import type { Log } from '../api/types.ts'
import type { Order } from '../view/view.ts'
import { compare, type Key } from './order.ts'
import { readAlso, type Read } from './read.ts'

export interface Segment {
  /** Reads its rows again: `again(count)`. Undefined: they arrived later, and stay in memory. */
  again: Read | undefined
  /** Index of its first row. */
  start: number
  count: number
  /** Its first and its last row. */
  first: Key
  last: Key
  /** Undefined: dropped from memory. */
  rows: readonly Log[] | undefined
  bytes: number
  /** When it was last looked at, as a count of looks. */
  seen: number
}

export interface SegmentLimits {
  rows: number
  bytes: number
}

export const defaultLimits: SegmentLimits = { rows: 20_000, bytes: 32_000_000 }

/** Rows of a segment of logs that arrived later. */
const enteredRows = 500

export class Segments {
  readonly #limits: SegmentLimits
  #segments: Segment[] = []
  #looks = 0
  #rows = 0
  #bytes = 0

  constructor (limits: SegmentLimits = defaultLimits) {
    this.#limits = limits
  }

  /** Index of the first row. */
  get start (): number {
    return this.#segments[0]?.start ?? 0
  }

  /** Index after the last row. */
  get end (): number {
    const last = this.#segments.at(-1)
    return last ? last.start + last.count : 0
  }

  get first (): Key | undefined {
    return this.#segments[0]?.first
  }

  get last (): Key | undefined {
    return this.#segments.at(-1)?.last
  }

  /** Number of rows, in memory or not. */
  get count (): number {
    return this.end - this.start
  }

  /** Number of rows in memory. */
  get kept (): number {
    return this.#rows
  }

  /** Adds a page after the last row. */
  append (rows: readonly Log[], again: Read): void {
    const segment = this.#segment(this.end, rows, again)
    if (segment) this.#segments.push(segment)
  }

  /** Adds a page before the first row. */
  prepend (rows: readonly Log[], again: Read): void {
    const segment = this.#segment(this.start - rows.length, rows, again)
    if (segment) this.#segments.unshift(segment)
  }

  /** Adds a log that arrived later where it belongs. False: it was there. */
  enter (log: Log, order: Order): boolean {
    const segments = this.#segments
    const { start, end } = this
    const found = segments.findIndex(({ last }) => compare(log, last, order) <= 0)
    const index = found < 0 ? segments.length : found
    const at = segments[index]
    if (at && compare(log, at.first, order) >= 0) {
      if (at.rows?.some(({ id }) => id === log.id)) return false
      this.#put(at, log, order)
    } else {
      // It stands between two segments: in the one of them that may grow, or in one of its own.
      const near = [at, segments[index - 1]].find((other) => other && !other.again && other.count < enteredRows)
      const own = near ? undefined : this.#segment(start, [log], undefined)
      if (near) this.#put(near, log, order)
      else if (own) segments.splice(index, 0, own)
    }
    if (order === 'oldest') this.#number(start)
    else this.#number(end - this.#segments.reduce((sum, { count }) => sum + count, found < 0 ? -1 : 0))
    return true
  }

  /** Drops the rows that are more than `kept` away from the side on which the list grows. */
  trim (kept: number, order: Order): void {
    const isDown = order === 'newest'
    const segments = isDown ? this.#segments : [...this.#segments].reverse()
    let rows = 0
    const count = segments.findIndex((segment) => (rows += segment.count) >= kept) + 1
    if (count === 0) return
    for (const segment of segments.splice(count)) this.#drop(segment)
    this.#segments = isDown ? segments : segments.reverse()
  }

  /** Rows that arrived later, and their bytes. */
  get entered (): SegmentLimits {
    const entered = this.#segments.filter(({ again }) => !again)
    return {
      rows: entered.reduce((sum, { count }) => sum + count, 0),
      bytes: entered.reduce((sum, { bytes }) => sum + bytes, 0)
    }
  }

  /**
   * Puts back the rows of a segment. Those that no longer exist leave their places at its end free: indices stay. In
   * their stead the server read others, which stand in the segments beside this one.
   */
  refill (segment: Segment, rows: readonly Log[], order: Order): void {
    if (segment.rows !== undefined) return
    const { first, last } = segment
    this.#fill(segment, rows.filter((row) => compare(row, first, order) >= 0 && compare(row, last, order) <= 0))
  }

  /** The row at an index; undefined where it is not in memory, or does not exist. */
  at (index: number): Log | undefined {
    const segment = this.segmentAt(index)
    return segment?.rows?.[index - segment.start]
  }

  /** The number of logs that no longer exist, at the first of their places; 0 at the others; undefined elsewhere. */
  goneAt (index: number): number | undefined {
    const segment = this.segmentAt(index)
    if (!segment?.rows) return undefined
    const place = index - segment.start - segment.rows.length
    if (place < 0) return undefined
    return place === 0 ? segment.count - segment.rows.length : 0
  }

  /** The index of a row that is in memory. */
  indexOf (id: string): number | undefined {
    for (const { rows = [], start } of this.#segments) {
      const place = rows.findIndex((row) => row.id === id)
      if (place >= 0) return start + place
    }
  }

  /** The segment that holds the row at an index. */
  segmentAt (index: number): Segment | undefined {
    let low = 0
    let high = this.#segments.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const segment = this.#segments[middle]
      if (segment === undefined) return undefined
      if (index < segment.start) high = middle - 1
      else if (index >= segment.start + segment.count) low = middle + 1
      else return segment
    }
    return undefined
  }

  /** Notes that the rows from `first` to `last` are looked at; gives the segments whose rows must be read again. */
  look (first: number, last: number): Segment[] {
    const missing: Segment[] = []
    this.#looks++
    for (let index = Math.max(first, this.start); index <= last;) {
      const segment = this.segmentAt(index)
      if (segment === undefined) break
      segment.seen = this.#looks
      if (segment.rows === undefined) missing.push(segment)
      index = segment.start + segment.count
    }
    return missing
  }

  /** The rows in memory, in order. */
  * rows (): Generator<Log> {
    for (const { rows } of this.#segments) if (rows) yield * rows
  }

  /** Undefined: there are no rows. */
  #segment (start: number, rows: readonly Log[], again: Read | undefined): Segment | undefined {
    const [first, last] = [rows[0], rows.at(-1)]
    if (!first || !last) return undefined
    const segment = { again, start, count: rows.length, first, last, rows: undefined, bytes: 0, seen: ++this.#looks }
    return this.#fill(segment, rows)
  }

  #put (segment: Segment, log: Log, order: Order): void {
    segment.count++
    if (compare(log, segment.first, order) < 0) segment.first = log
    if (compare(log, segment.last, order) > 0) segment.last = log
    if (segment.again) segment.again = readAlso(segment.again, log, order)
    if (!segment.rows) return
    const bytes = bytesOf(log)
    const index = segment.rows.findIndex((row) => compare(row, log, order) > 0)
    segment.rows = segment.rows.toSpliced(index < 0 ? segment.rows.length : index, 0, log)
    segment.bytes += bytes
    this.#rows++
    this.#bytes += bytes
  }

  #number (start: number): void {
    for (const segment of this.#segments) {
      segment.start = start
      start += segment.count
    }
  }

  #drop (segment: Segment): void {
    this.#rows -= segment.rows?.length ?? 0
    this.#bytes -= segment.bytes
    segment.rows = undefined
    segment.bytes = 0
  }

  #fill (segment: Segment, rows: readonly Log[]): Segment {
    segment.rows = rows
    segment.bytes = rows.reduce((sum, row) => sum + bytesOf(row), 0)
    this.#rows += rows.length
    this.#bytes += segment.bytes
    this.#evict(segment)
    return segment
  }

  /** Drops the rows of the segments that were looked at longest ago. */
  #evict (kept: Segment): void {
    if (!this.#isFull()) return
    const candidates = this.#segments
      .filter((segment) => segment.rows !== undefined && segment.again && segment !== kept)
      .sort((one, other) => one.seen - other.seen)
    for (const segment of candidates) {
      if (!this.#isFull()) return
      this.#drop(segment)
    }
  }

  #isFull (): boolean {
    return this.#rows > this.#limits.rows || this.#bytes > this.#limits.bytes
  }
}

/** Estimated bytes of a row in memory. */
export function bytesOf ({ message, attributes }: Log): number {
  return 400 + 2 * message.length + (attributes === null ? 0 : 2 * sizeOf(attributes))
}

/** Characters of the strings of a value; numbers and names count a little. */
function sizeOf (value: unknown): number {
  let size = 0
  const rest: unknown[] = [value]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next === 'string') size += next.length
    else if (typeof next !== 'object' || next === null) size += 8
    else for (const [name, part] of Object.entries(next)) { size += name.length + 16; rest.push(part) }
  }
  return size
}
