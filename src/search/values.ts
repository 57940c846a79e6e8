import { severities } from '../model/record.ts'
import type { Filter } from '../query/filter.ts'
import type { SearchScope } from '../query/search.ts'
import type { Reader } from '../store/reader.ts'
import { valuePiece } from '../text/fold.js'
import type { CountRequest, Grouping } from './count-request.ts'
import type { Cut } from './count-totals.ts'
import { countLogs } from './counts.ts'
import type { SearchPolicy } from './policy.ts'

/** The field to count, and a prefix of the values to count, in any case. */
export interface ValuesRequest extends CountRequest {
  by: Grouping
  prefix?: string
}

/** Values, the most frequent first. */
export interface Values {
  values: Array<{ value: string, count: number }>
  isComplete: boolean
  cut: Cut | undefined
}

/** Counts logs by the values of a field. */
export async function countValues (
  reader: Reader, scope: SearchScope, { prefix, ...request }: ValuesRequest, policyFor: (filter: Filter) => SearchPolicy
): Promise<Values> {
  const condition = prefix === undefined ? undefined : startsWith(request.by, prefix)
  const filter: Filter = condition === undefined ? scope.filter : { kind: 'all', of: [scope.filter, condition] }
  const { counts, isComplete, cut } = await countLogs(reader, { ...scope, filter }, request, policyFor(filter))
  const values = counts
    .flatMap(({ value, count }) => value === null ? [] : [{ value, count }])
    // The query language has no condition for the digits of a pid.
    .filter(({ value }) => request.by !== 'pid' || value.startsWith(prefix ?? ''))
    .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1))
  return { values, isComplete, cut }
}

function startsWith (field: Grouping, prefix: string): Filter | undefined {
  const piece = valuePiece(prefix)
  switch (field) {
    case 'pid': return undefined
    case 'level': return { kind: 'level', levels: severities.filter((level) => level.startsWith(piece)) }
    case 'user': return { kind: 'user', pattern: [piece, ''] }
    default: return { kind: 'value', field, pattern: [piece, ''] }
  }
}
