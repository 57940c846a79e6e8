import type { UtcTime } from '../model/instant.ts'
import type { Position } from './cursor.ts'
import type { Filter } from './filter.ts'

/** Logs to find: of which user, matching what, from when to when. */
export interface SearchScope {
  /** The user to search; undefined searches all users. */
  userId?: number
  filter: Filter
  /** Inclusive lower bound. */
  from?: UtcTime
  /** Exclusive upper bound. */
  to?: UtcTime
}

/** Logs to find, and their order. */
export interface Search extends SearchScope {
  /** By time, then by arrival. */
  order: 'newest' | 'oldest'
  /** Continues after this position. */
  after?: Position
}
