// Facets count the values of several fields in one walk over the logs.
import type { Knex } from 'knex'
import type { UtcTime } from '../model/instant.ts'
import type { Position } from '../query/cursor.ts'
import type { Search, SearchScope } from '../query/search.ts'
import type { Condition } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { ownedBy } from '../store/owner.ts'
import type { Reader } from '../store/reader.ts'
import { usersOf } from '../store/users.ts'
import { ValueCounts, type CountedValues } from '../text/value-counts.js'
import { walkInTime } from './budget.ts'
import type { Grouping } from './count-request.ts'
import { countLogs } from './counts.ts'
import { columnOf, FieldReader, type UserNames } from './field-reader.ts'
import { conditionOf, isText } from './filter-sql.ts'
import type { SearchPolicy } from './policy.ts'
import { walkRows } from './walk.ts'
import { Windows, type ReadWindow } from './windows.ts'

export interface FacetRequest {
  fields: readonly Grouping[]
  budgetMs: number
}

export interface Facets {
  /** In the order of the fields. */
  counts: ValueCounts[]
  isComplete: boolean
  /** Where the time was over: all logs from here on are counted. */
  reached: UtcTime | undefined
}

/** Counting in the database begins with windows of an hour. */
const firstWidthMs = 3_600_000
/** Groups of a window: with more, reading its rows is as fast. */
const maxGroups = 5000
/** Bounds of the rows that are read at once. */
export const rowsPerStep = 5000
export const bytesPerStep = 8_000_000

/** Counts the values of fields, the newest logs first, as far as the time allows. */
export async function countFacets (
  reader: Reader, scope: SearchScope, { fields, budgetMs }: FacetRequest, policy: SearchPolicy
): Promise<Facets> {
  if (fields.every((field) => field === 'level')) return await countLevels(reader, scope, { fields, budgetMs }, policy)
  const counts = fields.map(() => new ValueCounts())
  let reached: Position | undefined
  const isComplete = await walkInTime(reader, budgetMs, async (inTime) => {
    const walk = new FacetWalk(inTime, fields, counts, policy)
    for await (const position of walk.steps({ ...scope, order: 'newest' })) {
      reached = position
      if (inTime.signal.aborted) return position === undefined
    }
    return true
  })
  return { counts, isComplete, reached: isComplete ? undefined : reached?.at }
}

/** Levels alone are counted by the hour already. */
async function countLevels (
  reader: Reader, scope: SearchScope, { fields, budgetMs }: FacetRequest, policy: SearchPolicy
): Promise<Facets> {
  const { counts, isComplete } = await countLogs(reader, scope, { by: 'level', budgetMs }, policy)
  const levels = new ValueCounts()
  for (const { value, count } of counts) levels.add(value, count)
  return { counts: fields.map(() => levels), isComplete, reached: undefined }
}

/** Rows that have the same value in every field. */
type Group = Record<`value${number}`, string | number> & { count: string | number }

/** One walk under way. */
class FacetWalk {
  readonly #reader: Reader
  readonly #fields: readonly Grouping[]
  readonly #counts: readonly ValueCounts[]
  readonly #policy: SearchPolicy
  #names: UserNames = new Map()

  constructor (reader: Reader, fields: readonly Grouping[], counts: readonly ValueCounts[], policy: SearchPolicy) {
    this.#reader = reader
    this.#fields = fields
    this.#counts = counts
    this.#policy = policy
  }

  /** Yields the position that each step reached. */
  async * steps (search: Search): AsyncGenerator<Position | undefined, void, void> {
    if (this.#fields.includes('user')) this.#names = await namesOfAll(this.#reader.knex)
    const { knex } = this.#reader
    if (!conditionOf(knex, search.filter).exact) return yield * this.#byRows(search)
    const own = this.#fields.filter((field) => typeof field === 'string')
    if (own.length < this.#fields.length) {
      const { valueCounts } = dialectOf(knex).conditions
      const columns = this.#fields.map((field) => typeof field === 'string' ? columnOf[field] : field)
      return yield * valueCounts ? this.#byValues(search, valueCounts(columns)) : this.#byRows(search)
    }
    let after = search.after
    for await (const reached of this.#byGroups(search, own)) {
      if (reached === 'tooMany') return yield * this.#byRows({ ...search, after })
      yield after = reached
    }
  }

  /** Counts in the database, which is faster where the fields have few values. */
  async * #byGroups (
    search: Search, fields: ReadonlyArray<keyof typeof columnOf>
  ): AsyncGenerator<Position | undefined | 'tooMany', void, void> {
    const windows = new Windows(this.#reader, search, firstWidthMs, this.#policy)
    const read = await groupsIn(this.#reader.knex, search, fields.map((field) => columnOf[field]))
    for (let step; (step = await windows.next(read)) !== undefined;) {
      if (step.found.length > maxGroups) return yield 'tooMany'
      for (const group of step.found) this.#addGroup(fields, group)
      yield step.reached
    }
  }

  #addGroup (fields: ReadonlyArray<keyof typeof columnOf>, group: Group): void {
    const count = Number(group.count)
    for (const [index, counts] of this.#counts.entries()) {
      const value = group[`value${index}`]
      counts.add(fields[index] === 'user' ? this.#names.get(Number(value)) ?? null : String(value), count)
    }
  }

  /** Counts each field in the database. */
  async * #byValues (search: Search, counts: Condition): AsyncGenerator<Position | undefined, void, void> {
    const windows = new Windows(this.#reader, search, firstWidthMs, this.#policy)
    const read = await rowsIn<{ counts: string }>(this.#reader.knex, search, {
      select: `${counts.sql} AS counts`, bindings: counts.bindings
    })
    for (let step; (step = await windows.next(read)) !== undefined;) {
      const counted: CountedValues[] = step.found.flatMap(({ counts }) => JSON.parse(counts))
      for (const [index, values] of counted.entries()) this.#counts[index]?.addAll(this.#withNames(index, values))
      yield step.reached
    }
  }

  /** Users are counted by their ids. */
  #withNames (index: number, { counts, others, missing }: CountedValues): CountedValues {
    if (this.#fields[index] !== 'user') return { counts, others, missing }
    return { counts: counts.map(([id, count]) => [this.#names.get(Number(id)) ?? id, count]), others, missing }
  }

  async * #byRows (search: Search): AsyncGenerator<Position | undefined, void, void> {
    const values = new FieldReader(this.#fields)
    const page = () => ({ bytes: bytesPerStep, leastRows: 1 })
    const limit = { rows: rowsPerStep, page, columns: values.columns }
    for await (const { found, reached } of walkRows(this.#reader, search, limit, this.#policy)) {
      for (const row of found.rows) {
        const texts = values.readTexts(row, this.#names)
        for (const [index, counts] of this.#counts.entries()) counts.add(texts[index] ?? null)
      }
      yield reached
    }
  }
}

async function namesOfAll (knex: Knex): Promise<UserNames> {
  return new Map((await usersOf(knex).list()).map(({ id, name }) => [id, name]))
}

/** Counts the logs of windows by their values in columns; finds one group more than `maxGroups` if there are more. */
function groupsIn (knex: Knex, search: Search, columns: readonly string[]): Promise<ReadWindow<Group[]>> {
  const values = columns.map((column, index) => `${column} AS value${index}`)
  const keys = columns.flatMap((column, index) => [index + 1, ...isText(column) ? [`LENGTH(${column})`] : []])
  return rowsIn<Group>(knex, search, {
    select: `${values.join(', ')}, COUNT(*) AS count`,
    after: `GROUP BY ${keys.join(', ')} LIMIT ${maxGroups + 1}`
  })
}

/** What a statement selects from the logs of a window. */
interface Selection {
  select: string
  bindings?: readonly Knex.Value[]
  /** What follows the conditions. */
  after?: string
}

async function rowsIn<Row> (
  knex: Knex, { userId, filter }: Search, { select, bindings = [], after = '' }: Selection
): Promise<ReadWindow<Row[]>> {
  const owner = await ownedBy(knex, userId)
  const condition = conditionOf(knex, filter)
  return async (window, signal) => {
    const where = [owner, ...window, condition]
    const found = await dialectOf(knex).query<Row>(knex, {
      sql: `SELECT ${select} FROM user_logs WHERE ${where.map(({ sql }) => sql).join(' AND ')} ${after}`,
      bindings: [...bindings, ...where.flatMap(({ bindings }) => bindings)]
    }, signal)
    return { found }
  }
}
