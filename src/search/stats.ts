import type { UtcTime } from '../model/instant.ts'
import { millisecondsOf } from '../model/instant.ts'
import type { Buckets } from '../query/buckets.ts'
import type { SearchScope } from '../query/search.ts'
import type { Reader } from '../store/reader.ts'
import { numberOf } from '../text/values.js'
import { walkInTime } from './budget.ts'
import { Distributions } from './distribution.ts'
import { bytesPerStep, rowsPerStep } from './facets.ts'
import { FieldReader } from './field-reader.ts'
import type { Attribute } from '../query/filter.ts'
import type { SearchPolicy } from './policy.ts'
import { walkRows } from './walk.ts'

/** The numbers of a field to summarize: of all logs, and by interval, too. */
export interface StatsRequest {
  field: 'pid' | Attribute
  buckets?: Buckets
  budgetMs: number
}

export interface Stats {
  all: Distributions
  /** By bucket. */
  series: Distributions
  /** Logs without a number. */
  missing: number
  isComplete: boolean
  /** Where the time was over: all logs from here on are counted. */
  reached: UtcTime | undefined
}

/** Summarizes the numbers of a field, the newest logs first, as far as the time allows. */
export async function summarizeNumbers (
  reader: Reader, scope: SearchScope, { field, buckets, budgetMs }: StatsRequest, policy: SearchPolicy
): Promise<Stats> {
  const stats: Stats = {
    all: new Distributions(), series: new Distributions(), missing: 0, isComplete: false, reached: undefined
  }
  const fields = new FieldReader([field])
  const page = () => ({ bytes: bytesPerStep, leastRows: 1 })
  const limit = { rows: rowsPerStep, page, columns: fields.columns }
  stats.isComplete = await walkInTime(reader, budgetMs, async (inTime) => {
    for await (const { found, reached } of walkRows(inTime, { ...scope, order: 'newest' }, limit, policy)) {
      for (const row of found.rows) {
        const [value] = fields.read(row, new Map())
        const number = field === 'pid' ? Number(value) : numberOf(value)
        if (number === undefined || !Number.isFinite(number)) stats.missing++
        else {
          stats.all.add(0, number)
          if (buckets) stats.series.add(buckets.of(millisecondsOf(row.log_event_at)), number)
        }
      }
      stats.reached = reached?.at
      if (inTime.signal.aborted) return reached === undefined
    }
    return true
  })
  if (stats.isComplete) stats.reached = undefined
  return stats
}
