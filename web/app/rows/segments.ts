// The rows of a list, in bounded memory. A segment is a page of an answer; it knows how its rows are read again, and
// keeps the rows themselves only while they are near what is looked at. Indices are stable: rows that are put before
// the first one have lower indices, below zero at last.
import type { Log } from '../api/types.ts'
import type { Read } from './read.ts'

export interface Segment {
  /** Reads its rows again: `again(count)`. */
  readonly again: Read
  /** Index of its first row. */
  readonly start: number
  readonly count: number
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
    if (rows.length > 0) this.#segments.push(this.#fill(this.#segment(this.end, rows, again), rows))
  }

  /** Adds a page before the first row. */
  prepend (rows: readonly Log[], again: Read): void {
    if (rows.length === 0) return
    this.#segments.unshift(this.#fill(this.#segment(this.start - rows.length, rows, again), rows))
  }

  /** Puts back the rows of a segment. Those that no longer exist are left out at its end: indices stay. */
  refill (segment: Segment, rows: readonly Log[]): void {
    if (segment.rows === undefined) this.#fill(segment, rows.slice(0, segment.count))
  }

  /** The row at an index; undefined where it is not in memory, or does not exist. */
  at (index: number): Log | undefined {
    const segment = this.segmentAt(index)
    return segment?.rows?.[index - segment.start]
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

  #segment (start: number, rows: readonly Log[], again: Read): Segment {
    return { again, start, count: rows.length, rows: undefined, bytes: 0, seen: ++this.#looks }
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
      .filter((segment) => segment.rows !== undefined && segment !== kept)
      .sort((one, other) => one.seen - other.seen)
    for (const segment of candidates) {
      if (!this.#isFull()) return
      this.#rows -= segment.rows?.length ?? 0
      this.#bytes -= segment.bytes
      segment.rows = undefined
      segment.bytes = 0
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
