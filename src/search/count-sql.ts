import type { Knex } from 'knex'
import type { Buckets } from '../query/buckets.ts'
import type { Search } from '../query/search.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import { maxNameCharacters } from '../text/value-counts.js'
import { asText } from '../text/values.js'
import type { CountRequest, Grouping } from './count-request.ts'
import type { Count } from './count-totals.ts'
import { columns, conditionOf, isText } from './filter-sql.ts'
import type { ReadWindow } from './windows.ts'

/** The counts of one window. */
export interface WindowCounts {
  counts: Count[]
  /** The rarer values were left out. */
  isCut: boolean
}

/** Databases and drivers differ in their types of numbers. */
interface CountRow {
  value: string | number | null
  bucket: string | number
  count: string | number
}

/** Groups of a window, and bytes of their values: with more, the rarer ones are left out. */
const maxGroups = 10_000
const maxWindowBytes = 4_000_000
/** Enough to see that a value is too long: as JSON one character takes six, `\u0001`, at most. */
const maxJsonCharacters = 6 * (maxNameCharacters + 1) + 1

const nothing: Condition = { sql: 'NULL', bindings: [] }
const always: Condition = { sql: '0', bindings: [] }

/** Counts the logs of windows in the database, where its condition for the filter is exact. */
export async function countsIn (
  knex: Knex, { userId, filter }: Search, { by, buckets }: CountRequest
): Promise<ReadWindow<WindowCounts>> {
  const owner = await ownedBy(knex, userId)
  const condition = conditionOf(knex, filter)
  const value = by === undefined ? nothing : valueOf(knex, by)
  const bucket = buckets === undefined ? always : bucketOf(knex, buckets)
  const keys = ['1', '2', ...isText(value.sql) ? [`LENGTH(${value.sql})`] : []].join(', ')
  return async (window, signal) => {
    const where = [owner, ...window, condition]
    // Not by knex's builder: a group is named by its number, or its bindings would make it another expression.
    const { rows, isCut } = await dialectOf(knex).queryUpTo<CountRow>(knex, {
      sql: `SELECT ${value.sql} AS value, ${bucket.sql} AS bucket, COUNT(*) AS count FROM user_logs
        WHERE ${where.map(({ sql }) => sql).join(' AND ')} GROUP BY ${keys} ORDER BY 3 DESC LIMIT ${maxGroups}`,
      bindings: [value, bucket, ...where].flatMap(({ bindings }) => bindings)
    }, { bytes: maxWindowBytes, leastRows: 0 }, signal)
    const read = typeof by === 'object' ? fromJson : String
    const counts = rows.map(({ value, bucket, count }) => ({
      value: value === null ? null : read(value),
      bucket: Number(bucket) * 1000,
      count: Number(count)
    }))
    return { found: { counts, isCut: isCut || rows.length === maxGroups } }
  }
}

function valueOf (knex: Knex, by: Grouping): Condition {
  if (typeof by === 'object') {
    const { sql, bindings } = dialectOf(knex).conditions.json(by)
    return { sql: `SUBSTR(${sql}, 1, ${maxJsonCharacters})`, bindings }
  }
  const user = '(SELECT username FROM users WHERE users.id = user_id)'
  return { sql: { ...columns, level: 'log_level', pid: 'pid', user }[by], bindings: [] }
}

function bucketOf (knex: Knex, { interval, origin, offsets }: Buckets): Condition {
  return dialectOf(knex).conditions.bucket(interval / 1000, origin / 1000, offsetOf(offsets))
}

/** Seconds by which a zone's clock is ahead of UTC. */
function offsetOf (offsets: Buckets['offsets']): Condition {
  const changes: Array<{ seconds: number, until: string }> = []
  let lastSeconds = 0
  for (const { until, ms } of offsets) {
    if (until === undefined) lastSeconds = ms / 1000
    else changes.push({ seconds: ms / 1000, until })
  }
  if (changes.length === 0) return { sql: String(lastSeconds), bindings: [] }
  const cases = changes.map(({ seconds }) => `WHEN log_event_at < ? THEN ${seconds}`)
  return { sql: `CASE ${cases.join(' ')} ELSE ${lastSeconds} END`, bindings: changes.map(({ until }) => until) }
}

/** JSON as the text that a query compares: databases print numbers in ways of their own. */
function fromJson (json: string | number): string | null {
  return asText(JSON.parse(closed(String(json)))) ?? null
}

/** JSON that may have been cut: nothing but a text is that long. */
function closed (json: string): string {
  if (json.length < maxJsonCharacters) return json
  const [whole = '"'] = /^"(?:[^"\\]|\\(?:[^u]|u[\da-fA-F]{4}))*/.exec(json) ?? []
  return `${whole}"`
}
