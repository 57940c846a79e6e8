import type { Reader } from '../store/reader.ts'

/** Runs a walk for `budgetMs` at most; resolves to whether it came to its end. */
export async function walkInTime (
  reader: Reader, budgetMs: number, walk: (inTime: Reader) => Promise<boolean>
): Promise<boolean> {
  const timeout = AbortSignal.timeout(budgetMs)
  try {
    return await walk({ ...reader, signal: AbortSignal.any([reader.signal, timeout]) })
  } catch (error) {
    if (reader.signal.aborted || !timeout.aborted) throw error
    return false
  }
}
