// Counts the levels that no rule understands, so that an operator sees which logger needs one.

/** Different protocols and values that are counted one by one; others come together. */
const maxCounted = 200
/** Characters of a value that are told. */
const maxShown = 32

const counts = new Map<string, { source: string, value: string, count: number }>()

/** Counts a level that was not understood: the log is of severity info, and keeps it. */
export function countUnknownLevel (source: string, value: unknown): void {
  if (value === undefined || value === null || value === '') return
  const shown = (typeof value === 'object' ? 'an object' : String(value)).slice(0, maxShown)
  count(source, shown)
}

function count (source: string, value: string): void {
  const key = `${source} ${value}`
  const counted = counts.get(key)
  if (counted) counted.count++
  else if (counts.size < maxCounted || value === other) counts.set(key, { source, value, count: 1 })
  else count(source, other)
}

const other = 'other'

/** What was counted in this process since it started. */
export function unknownLevels (): Iterable<{ source: string, value: string, count: number }> {
  return counts.values()
}
