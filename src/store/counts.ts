import type { Knex } from 'knex'
import type { Field } from '../query/filter.ts'
import type { Condition } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { columns, conditionOf } from './filter.ts'
import { ownedBy } from './owner.ts'
import { overWindows, type Search } from './search.ts'

/** What logs are counted by. */
export type Grouping = 'level' | 'pid' | 'user' | Exclude<Field, 'message'>

/** So many logs have this value, in the interval that begins so many milliseconds after 1970. */
export interface Count {
  value: string | null
  bucket: number
  count: number
}

export interface Counts {
  counts: Count[]
  /** False where the time was over before all were counted. */
  complete: boolean
}

/** A window gives so many groups at most: past that the rare ones are left out. */
const mostGroups = 10_000

/**
 * Counts logs by value, by interval (in milliseconds, at least a second) or by both, as far as it
 * gets in so many milliseconds, the newest first.
 */
export async function countLogs (
  knex: Knex,
  search: Omit<Search, 'order' | 'after'>,
  { by, interval }: { by?: Grouping, interval?: number },
  budget: number,
  signal: AbortSignal
): Promise<Counts> {
  const { query, conditions } = dialectOf(knex)
  const condition = conditionOf(knex, search.filter)
  const owner = await ownedBy(knex, search.userId)
  const value = by === undefined ? nothing : valueOf(by, conditions.text)
  const bucket = interval === undefined ? { sql: '0', bindings: [] } : conditions.bucket(interval / 1000)

  const look = (window: Condition[], signal: AbortSignal) => {
    const all = [owner, ...window, condition]
    return query(knex, {
      sql: `SELECT ${value.sql} AS value, ${bucket.sql} AS bucket, COUNT(*) AS count FROM user_logs
        WHERE ${all.map(({ sql }) => sql).join(' AND ')} GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${mostGroups}`,
      bindings: [value, bucket, ...all].flatMap(({ bindings }) => bindings)
    }, signal)
  }

  const totals = new Map<string, Count>()
  let exact = true
  const spent = AbortSignal.timeout(budget)
  try {
    for await (const { found, reached } of overWindows(knex, { ...search, order: 'newest' }, 3_600_000, look, () => undefined, AbortSignal.any([signal, spent]))) {
      for (const row of found) add(totals, { value: row.value === null ? null : String(row.value), bucket: Number(row.bucket) * 1000, count: Number(row.count) })
      if (found.length === mostGroups) exact = false
      if (spent.aborted && reached !== undefined) exact = false
      if (spent.aborted) break
    }
  } catch (error) {
    if (signal.aborted || !spent.aborted) throw error
    exact = false
  }
  return { counts: [...totals.values()], complete: exact }
}

function add (totals: Map<string, Count>, count: Count): void {
  const key = JSON.stringify([count.value, count.bucket])
  const known = totals.get(key)
  if (known) known.count += count.count
  else totals.set(key, count)
}

const nothing: Condition = { sql: 'NULL', bindings: [] }

function valueOf (by: Grouping, text: (attribute: Exclude<Field, string>) => Condition): Condition {
  if (typeof by === 'object') return text(by)
  const column = { ...columns, level: 'log_level', pid: 'pid', user: '(SELECT username FROM users WHERE users.id = user_id)' }[by]
  return { sql: column, bindings: [] }
}
