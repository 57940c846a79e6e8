// A sample of logs that is newest first, but covers all of a span: the newest logs, and some of each part before them.
import { millisecondsOf, utcTime, type UtcTime } from '../model/instant.ts'
import type { Span } from '../model/span.ts'
import type { Search } from '../query/search.ts'
import type { Reader } from '../store/reader.ts'
import type { LogRow } from '../store/rows.ts'
import { walkInTime } from './budget.ts'
import type { SearchPolicy } from './policy.ts'
import { positionColumns, walkRows } from './walk.ts'

/** Bounds of the newest logs of a sample. */
const newest = { rows: 2000, bytes: 8_000_000 }
/** Parts of the time before, and bounds of the logs of each. */
const parts = 20
const ofPart = { rows: 200, bytes: 1_000_000 }

/** The logs to sample; `span` has all of them. */
export interface SampleRequest {
  search: Search
  span: Span
  budgetMs: number
}

/** Reads a sample of logs with their attributes; resolves to whether it was done in time. */
export async function sampleLogs (
  reader: Reader, { search, span, budgetMs }: SampleRequest, policy: SearchPolicy, onLog: (row: LogRow) => void
): Promise<boolean> {
  return await walkInTime(reader, budgetMs, async (inTime) => {
    const sampling = { reader: inTime, policy, onLog }
    const reached = await readNewest(sampling, search, newest)
    if (reached === undefined) return true
    for (const part of partsOf({ from: span.from, to: reached })) {
      if (inTime.signal.aborted) return false
      await readNewest(sampling, { ...search, ...part }, ofPart)
    }
    return true
  })
}

interface Sampling {
  reader: Reader
  policy: SearchPolicy
  onLog: (row: LogRow) => void
}

/** Reads the newest logs of a search; resolves to the time of the last one, or to undefined if those are all. */
async function readNewest (
  { reader, policy, onLog }: Sampling, search: Search, limit: typeof newest
): Promise<UtcTime | undefined> {
  const columns = `${positionColumns}, CAST(attributes AS CHAR) AS attributes`
  let { rows, bytes } = limit
  const page = () => ({ bytes, leastRows: 1 })
  for await (const { found, reached } of walkRows(reader, search, { rows, page, columns }, policy)) {
    for (const row of found.rows.slice(0, rows)) onLog(row)
    rows -= found.rows.length
    bytes -= found.bytes
    const isFull = rows <= 0 || bytes <= 0 || (found.isCut && !found.isLate)
    if (isFull) return found.rows.at(-1)?.log_event_at
    if (reached === undefined || reader.signal.aborted) return undefined
  }
  return undefined
}

/** Parts of the same length, the newest first. */
function partsOf ({ from, to }: Span): Span[] {
  const start = millisecondsOf(from)
  const length = millisecondsOf(to) - start
  if (length < parts) return []
  const edges = Array.from({ length: parts + 1 }, (_, index) => utcTime(Math.floor(start + length * index / parts)))
  return edges.slice(1).map((end, index) => ({ from: edges[index] ?? from, to: end })).reverse()
}
