import { setImmediate as turn } from 'node:timers/promises'
import type { LogRecord, Rejected } from '../record.ts'

/** What a body holds, in order: logs, and pieces that can't become one. Every decoder yields these. */
export type Piece = LogRecord | Rejected

/** All that a body holds. */
export interface Decoded {
  records: LogRecord[]
  rejected: Rejected[]
}

/** For so long, in milliseconds, it may have the process for itself. */
const patience = 10

/** Takes all that a generator yields; others have their turn every ten milliseconds. */
export async function inTurns<T> (yielded: Iterable<T>): Promise<T[]> {
  const all: T[] = []
  let since = performance.now()
  for (const one of yielded) {
    all.push(one)
    if (performance.now() - since < patience) continue
    await turn()
    since = performance.now()
  }
  return all
}

/** Takes all that a decoder yields, as above. */
export async function collect (pieces: Iterable<Piece>): Promise<Decoded> {
  const decoded: Decoded = { records: [], rejected: [] }
  for (const piece of await inTurns(pieces)) {
    if ('reason' in piece) decoded.rejected.push(piece)
    else decoded.records.push(piece)
  }
  return decoded
}
