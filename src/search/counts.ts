import type { Knex } from 'knex'
import type { Buckets } from '../query/buckets.ts'
import type { Attribute, Field } from '../query/filter.ts'
import { millisecondsOf } from '../model/instant.ts'
import { asText, valueAt } from '../text/values.js'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { columns, conditionOf, levelsOf } from './filter-sql.ts'
import { hoursReached, knownHours, type KnownHours } from '../hour-counts/table.ts'
import { ownedBy } from '../store/owner.ts'
import type { StoredLog } from '../model/record.ts'
import type { Search } from '../query/search.ts'
import { overWindows, walkRows } from './walk.ts'
import { toLog } from '../store/rows.ts'
import { usersOf } from '../store/users.ts'

/** What logs are counted by. */
export type Grouping = 'level' | 'pid' | 'user' | Exclude<Field, 'message'>

/** So many logs have this value, in this bucket of `Buckets`; 0 where there are none. */
export interface Count {
  value: string | null
  bucket: number
  count: number
}

export interface Counts {
  counts: Count[]
  /** False where the time was over before all were counted, or values were left out. */
  complete: boolean
  /** Undefined where all is as it was sent. */
  cut: Cut | undefined
}

/** What an answer lacks, so that it is of bounded size. */
export interface Cut {
  /** Values that are given by their first `maxNameCharacters`, and count together with all that begin so. */
  names: number
  /** Values were left out, the rarer ones of an hour or more at a time: there are too many, or they are too long. */
  values: boolean
}

const hour = 3_600_000

/** A window gives so many groups and bytes of their names at most: past that the rare ones are left out. */
const mostGroups = 10_000
const windowBytes = 4_000_000
/** All groups of an answer take so many bytes at most. */
const totalBytes = 16_000_000
const groupBytes = 100
/** A value that is longer is cut, and ends with `…`. */
const maxNameCharacters = 1000
/** Tells that it is longer: as JSON one character takes six, `\u0001`, at most. */
const maxJsonCharacters = 6 * (maxNameCharacters + 1) + 1
/** So many logs are counted here at once. */
const mostRows = 1000

type Asked = Omit<Search, 'order' | 'after'>

/** What logs are counted by: their value, their time, or both. */
interface Groups {
  by?: Grouping
  buckets?: Buckets
}

/** Counts by value and interval, in bounded memory. */
class Totals {
  readonly #counts = new Map<string, Count>()
  readonly #cutNames = new Set<string>()
  #bytes = 0
  /** Values were left out. */
  isCut = false

  add ({ value: whole, bucket, count }: Count): void {
    const isLong = whole !== null && whole.length > maxNameCharacters
    const value = isLong ? `${whole.slice(0, maxNameCharacters).toWellFormed()}…` : whole
    const key = JSON.stringify([value, bucket])
    const known = this.#counts.get(key)
    if (known) {
      known.count += count
      return
    }
    const bytes = 2 * key.length + groupBytes
    if (this.#bytes + bytes > totalBytes) {
      this.isCut = true
      return
    }
    this.#bytes += bytes
    this.#counts.set(key, { value, bucket, count })
    if (isLong) this.#cutNames.add(value!)
  }

  get counts (): Count[] {
    return [...this.#counts.values()]
  }

  get cut (): Cut | undefined {
    return this.isCut || this.#cutNames.size > 0 ? { names: this.#cutNames.size, values: this.isCut } : undefined
  }
}

/**
 * Counts logs by value, by interval (of at least a second) or by both, as far as it gets in so many milliseconds, the
 * newest first.
 */
export async function countLogs (knex: Knex, search: Asked, groups: Groups, budget: number, signal: AbortSignal): Promise<Counts> {
  const spent = AbortSignal.timeout(budget)
  const inTime = AbortSignal.any([signal, spent])
  const totals = new Totals()
  let complete = true
  try {
    const parts = await countKnown(knex, search, groups, totals, inTime) ?? [search]
    for (const part of parts) {
      complete &&= await countOver(knex, part, groups, totals, inTime)
      if (spent.aborted && part !== parts.at(-1)) complete = false
      if (spent.aborted) break
    }
  } catch (error) {
    if (signal.aborted || !spent.aborted) throw error
    complete = false
  }
  return { counts: totals.counts, complete: complete && !totals.isCut, cut: totals.cut }
}

/** Counts logs window by window, until the signal is given; resolves to whether it came to the end. */
async function countOver (knex: Knex, search: Asked, { by, buckets }: Groups, totals: Totals, signal: AbortSignal): Promise<boolean> {
  const { queryUpTo, conditions } = dialectOf(knex)
  const condition = conditionOf(knex, search.filter)
  if (!condition.exact) return countHere(knex, search, { by, buckets }, totals, signal)
  const owner = await ownedBy(knex, search.userId)
  const value = by === undefined ? nothing : valueOf(by, conditions)
  const bucket = buckets === undefined ? { sql: '0', bindings: [] } : conditions.bucket(buckets.interval / 1000, buckets.origin / 1000, offsetBy(buckets))

  const look = (window: Condition[], signal: AbortSignal) => {
    const all = [owner, ...window, condition]
    return queryUpTo(knex, {
      sql: `SELECT ${value.sql} AS value, ${bucket.sql} AS bucket, COUNT(*) AS count FROM user_logs
        WHERE ${all.map(({ sql }) => sql).join(' AND ')} GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${mostGroups}`,
      bindings: [value, bucket, ...all].flatMap(({ bindings }) => bindings)
    }, { bytes: windowBytes, leastRows: 0 }, signal)
  }

  const read = typeof by === 'object' ? fromJson : String
  for await (const { found: { rows, isCut }, reached } of overWindows(knex, { ...search, order: 'newest' }, hour, look, () => undefined, signal)) {
    for (const row of rows) totals.add({ value: row.value === null ? null : read(row.value), bucket: Number(row.bucket) * 1000, count: Number(row.count) })
    if (isCut || rows.length === mostGroups) totals.isCut = true
    if (signal.aborted) return reached === undefined
  }
  return true
}

/** JSON as the text that a query compares: databases print numbers in ways of their own. */
function fromJson (json: unknown): string | null {
  return asText(JSON.parse(whole(String(json)))) ?? null
}

/** JSON that was cut: only a text is that long. */
function whole (json: string): string {
  return json.length < maxJsonCharacters ? json : `${/^"(?:[^"\\]|\\(?:[^u]|u[\da-fA-F]{4}))*/.exec(json)![0]}"`
}

/** The same where the database can't tell which logs are asked for: they are read, and counted here. */
async function countHere (knex: Knex, search: Asked, { by, buckets }: Groups, totals: Totals, signal: AbortSignal): Promise<boolean> {
  for await (const { found: { rows }, reached } of walkRows(knex, { ...search, order: 'newest' }, { logs: mostRows }, signal)) {
    const logs = rows.map(toLog)
    const names = by === 'user' ? await usersOf(knex).names(logs.map(({ userId }) => userId)) : undefined
    for (const log of logs) {
      const value = by === undefined ? null : by === 'user' ? names!.get(log.userId) ?? null : valueIn(log, by)
      totals.add({ value, bucket: buckets?.of(millisecondsOf(log.eventAt)) ?? 0, count: 1 })
    }
    if (signal.aborted) return reached === undefined
  }
  return true
}

function valueIn ({ severity, pid, processName, description, attributes }: StoredLog, by: Exclude<Grouping, 'user'>): string | null {
  if (typeof by === 'object') return asText(valueAt(attributes, by.path)) ?? null
  return { level: severity, pid: String(pid), process: processName, description }[by]
}

/** Of more users' logs than this the counts by the hour are not put together. */
const mostUsers = 100

/** Adds what is counted by the hour already; resolves to what is left to count. Undefined, and nothing added, where nothing is. */
async function countKnown (knex: Knex, search: Asked, { by, buckets }: Groups, totals: Totals, signal: AbortSignal): Promise<Asked[] | undefined> {
  const levels = levelsOf(search.filter)
  if (levels === undefined || (by !== undefined && by !== 'level') || buckets?.areOfHours === false) return undefined
  const users = search.userId === undefined ? (await usersOf(knex).list()).map(({ id }) => id) : [search.userId]
  if (users.length > mostUsers) return undefined

  const reached = await hoursReached(knex)
  if (reached === undefined) return undefined
  const all: Array<KnownHours & { userId: number }> = []
  for (const userId of users) {
    all.push({ ...await knownHours({ knex, signal }, userId, reached, search), userId })
  }
  for (const { hour, counts } of all.flatMap(({ hours }) => hours)) {
    const bucket = buckets?.of(millisecondsOf(hour)) ?? 0
    for (const level of levels) if (counts[level] > 0) totals.add({ value: by === undefined ? null : level, bucket, count: counts[level] })
  }
  return all.flatMap(({ userId, rest }) => rest.toReversed().map((span) => ({ ...search, userId, ...span })))
}

/** Seconds that the clock is ahead of UTC. */
function offsetBy ({ offsets }: Buckets): Condition {
  const [last, ...earlier] = offsets.toReversed()
  const cases = earlier.toReversed().map(({ ms }) => `WHEN log_event_at < ? THEN ${ms / 1000}`)
  return { sql: cases.length === 0 ? String(last!.ms / 1000) : `CASE ${cases.join(' ')} ELSE ${last!.ms / 1000} END`, bindings: earlier.toReversed().map(({ until }) => until!) }
}

const nothing: Condition = { sql: 'NULL', bindings: [] }

function valueOf (by: Grouping, { json }: { json: (attribute: Attribute) => Condition }): Condition {
  if (typeof by === 'object') {
    const { sql, bindings } = json(by)
    return { sql: `SUBSTR(${sql}, 1, ${maxJsonCharacters})`, bindings }
  }
  const column = { ...columns, level: 'log_level', pid: 'pid', user: '(SELECT username FROM users WHERE users.id = user_id)' }[by]
  return { sql: column, bindings: [] }
}
