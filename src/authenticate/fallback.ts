/** Callers who are known already wait for a slow database no longer than this, in milliseconds; the look-up goes on. */
const fallbackAfterMs = 2000

/** What the look-up resolves to; where it fails, or takes long, what `instead` gives. */
export async function orFallback<T> (lookup: Promise<T>, instead: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(reject, fallbackAfterMs, new Error('the look-up takes long')) })
  try {
    return await Promise.race([lookup, late])
  } catch {
    return await instead()
  } finally {
    clearTimeout(timer)
  }
}
