import type { Buckets } from '../query/buckets.ts'
import type { Field } from '../query/filter.ts'

/** The field whose values are counted. */
export type Grouping = 'level' | 'pid' | 'user' | Exclude<Field, 'message'>

/** Count by value, by interval (of at least a second), or by both, in the given time. */
export interface CountRequest {
  by?: Grouping
  buckets?: Buckets
  budgetMs: number
}
