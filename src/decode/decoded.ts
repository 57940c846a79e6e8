import { setImmediate as turn } from 'node:timers/promises'
import type { LogRecord, Rejected } from '../record.ts'

/** What a body holds, in order: logs, and pieces that can't become one. Every decoder yields these. */
export type Piece = LogRecord | Rejected

/** All that a body holds. */
export interface Decoded {
  records: LogRecord[]
  rejected: Rejected[]
}

/** For so long, in milliseconds, decoding may have the process for itself. */
const patience = 10

/** Takes all that a decoder yields; others have their turn every ten milliseconds. */
export async function collect (pieces: Iterable<Piece>): Promise<Decoded> {
  const decoded: Decoded = { records: [], rejected: [] }
  let since = performance.now()
  for (const piece of pieces) {
    if ('reason' in piece) decoded.rejected.push(piece)
    else decoded.records.push(piece)
    if (performance.now() - since < patience) continue
    await turn()
    since = performance.now()
  }
  return decoded
}
