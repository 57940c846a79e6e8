import { within } from '../timeout.ts'

/** Bound on the wait of a caller with a fallback, in ms: long for a healthy database, short for a client. */
const fallbackAfterMs = 2000

/** Resolves as the look-up does, or to the fallback when it fails or is slow. The look-up goes on. */
export async function orFallback<T> (lookup: Promise<T>, fallback: () => T | Promise<T>): Promise<T> {
  try {
    return await within(fallbackAfterMs, lookup)
  } catch {
    return await fallback()
  }
}
