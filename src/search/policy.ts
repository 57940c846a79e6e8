import type { StoredLog } from '../model/record.ts'
import type { Reader } from '../store/reader.ts'

/** How a search treats other work, and what helps it. */
export interface SearchPolicy {
  /** Selects the matching logs where the database cannot tell. Default: a filter that needs this is an error. */
  selectMatches?: (logs: readonly StoredLog[], signal: AbortSignal) => Promise<readonly StoredLog[]>
  /** Milliseconds after which the word index is asked where to look. Default: never. */
  askIndexAfterMs?: number
  /** Lets other work go first, between two statements; gets the milliseconds that the last one took. */
  pause?: (tookMs: number) => Promise<void>
}

/** A turn to read: others may go first whenever the work calls `giveWay`. */
export interface ReadTurn extends Reader {
  giveWay: () => Promise<void>
}
