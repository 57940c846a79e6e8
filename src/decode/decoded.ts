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

/** Takes all that a generator yields, as `take` does; others have their turn every ten milliseconds. */
async function takeInTurns<T> (yielded: Iterable<T>, take: (one: T) => void): Promise<void> {
  let since = performance.now()
  for (const one of yielded) {
    take(one)
    if (performance.now() - since < patience) continue
    await turn()
    since = performance.now()
  }
}

/** All that a generator yields, as above. */
export async function inTurns<T> (yielded: Iterable<T>): Promise<T[]> {
  const all: T[] = []
  await takeInTurns(yielded, (one) => all.push(one))
  return all
}

/** All that a decoder yields, as above. */
export async function collect (pieces: Iterable<Piece>): Promise<Decoded> {
  const decoded: Decoded = { records: [], rejected: [] }
  await takeInTurns(pieces, (piece) => {
    if ('reason' in piece) decoded.rejected.push(piece)
    else decoded.records.push(piece)
  })
  return decoded
}
