import type { UtcTime } from '../model/instant.ts'
import type { Position } from './cursor.ts'
import type { Filter } from './filter.ts'

/**
 * The logs that had arrived by a time, as their ids tell: a set that logs stored later do not change.
 *
 * Whatever stays the same while logs arrive counts and lists only these.
 */
export interface FrozenView {
  /** In whole milliseconds, as ids are. Batches with logs that are not in the view were all created since. */
  asOf: UtcTime
  /** The ids of the logs that are not in the view, as of now: from `first` up to, without, `end`. */
  hidden: () => { first: bigint, end: bigint }
}

/** Logs to find: of which user, matching what, from when to when. */
export interface SearchScope {
  /** The user to search; undefined searches all users. */
  userId?: number
  filter: Filter
  /** Inclusive lower bound. */
  from?: UtcTime
  /** Exclusive upper bound. */
  to?: UtcTime
  /** Default: whatever is stored when it is read. */
  view?: FrozenView
}

/** Logs to find, and their order. */
export interface Search extends SearchScope {
  /** By time, then by arrival. */
  order: 'newest' | 'oldest'
  /** Continues after this position. */
  after?: Position
}
