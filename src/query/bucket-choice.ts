import { BadRequest } from '../model/bad-request.ts'
import type { Span } from '../model/span.ts'
import { Buckets, startOfDay } from './buckets.ts'
import { chooseBuckets } from './histogram.ts'
import { intervalOf } from './instant.ts'
import { zoneOf, type Zone } from './zone.ts'

/** Parameters of a request for counts over time. */
interface Parameters {
  interval?: string
  buckets?: number
  zone?: string
}

/** The intervals that a request asks for, before its span of time is known. */
export class BucketChoice {
  readonly #zone: Zone | undefined
  readonly #intervalMs: number | undefined
  readonly #maxBuckets: number | undefined

  /** Throws BadRequest. */
  constructor ({ interval, buckets, zone }: Parameters) {
    if (interval !== undefined && buckets !== undefined) {
      throw new BadRequest('buckets must not be beside interval', { rule: 'parameter.conflict', field: 'buckets' })
    }
    this.#zone = zone === undefined ? undefined : zoneOf('zone', zone)
    this.#intervalMs = interval === undefined ? undefined : intervalOf('interval', interval)
    this.#maxBuckets = buckets
  }

  /** Start of a day like 2026-11-24 by the zone's clock. Any other text is returned unchanged. */
  startOfDay (text: string | undefined): string | undefined {
    return text === undefined || this.#zone === undefined ? text : startOfDay(text, this.#zone)
  }

  bucketsOf (span: Span): Buckets {
    return this.#intervalMs === undefined
      ? chooseBuckets(span, this.#zone, this.#maxBuckets)
      : new Buckets(this.#intervalMs, span, this.#zone)
  }
}
