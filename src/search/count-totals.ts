import type { UtcTime } from '../model/instant.ts'
import { shortName } from '../text/value-counts.js'

/** The number of logs with a value in an interval. */
export interface Count {
  /** Null for logs without a value. */
  value: string | null
  /** Start of the interval, as `Buckets` gives it; 0 where there are no intervals. */
  bucket: number
  count: number
}

/** What an answer of bounded size lacks. */
export interface Cut {
  /** Number of values given by their first `maxNameCharacters`, and counted together with all that begin alike. */
  names: number
  /** Values were left out, the rarer ones of a window at a time: there are too many, or they are too long. */
  values: boolean
}

/** Bytes that all counts of an answer may take, and what each takes beside its name. */
const maxBytes = 16_000_000
const bytesPerCount = 100

/** Counts by value and interval, in bounded memory. */
export class CountTotals {
  readonly #counts = new Map<string, Count>()
  readonly #cutNames = new Set<string>()
  #bytes = 0
  /** Values were left out. */
  isCut = false
  /** All logs from here on are counted; undefined where none are, or all. */
  reached: UtcTime | undefined

  add ({ value: whole, bucket, count }: Count): void {
    const value = whole === null ? null : shortName(whole)
    const key = JSON.stringify([value, bucket])
    const total = this.#counts.get(key)
    if (total) {
      total.count += count
      return
    }
    const bytes = 2 * key.length + bytesPerCount
    if (this.#bytes + bytes > maxBytes) {
      this.isCut = true
      return
    }
    this.#bytes += bytes
    this.#counts.set(key, { value, bucket, count })
    if (value !== null && value !== whole) this.#cutNames.add(value)
  }

  get counts (): Count[] {
    return [...this.#counts.values()]
  }

  get cut (): Cut | undefined {
    const names = this.#cutNames.size
    return this.isCut || names > 0 ? { names, values: this.isCut } : undefined
  }
}
