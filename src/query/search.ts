import type { UtcTime } from '../model/instant.ts'
import type { StoredLog } from '../model/record.ts'
import type { Position } from './cursor.ts'
import type { Filter } from './filter.ts'

/** Which logs are looked for, and in which order. */
export interface Search {
  /** Whose. Undefined: everybody's. */
  userId?: number
  filter: Filter
  /** From here on. */
  from?: UtcTime
  /** Up to, without, here. */
  to?: UtcTime
  /** By time, then by arrival. */
  order: 'newest' | 'oldest'
  /** Goes on from here. */
  after?: Position
  /** Those of some logs for which the filter holds, where the database can't tell. */
  decide?: (logs: readonly StoredLog[], signal: AbortSignal) => Promise<readonly StoredLog[]>
  /** After so many milliseconds it is worth asking the index of words where to look. Default: never. */
  indexAfter?: number
  /** Called after a statement that took so many milliseconds, where another follows: the search goes on when it resolves. */
  pause?: (took: number) => Promise<void>
  /** Called between two statements, too: others may go first. */
  giveWay?: () => Promise<void>
}
