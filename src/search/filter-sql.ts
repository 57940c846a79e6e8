import type { Knex } from 'knex'
import type { Filter } from '../query/filter.ts'
import { severities, type Severity } from '../model/record.ts'
import type { Condition, PlainConditions, PlainSql, Preselection } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'

/** Columns of the fields of a record. */
export const columns = { message: 'log_msg', process: 'p_name', description: 'p_description' } as const

/** Whether a column holds texts: MySQL groups those that differ by spaces at the end, unless their length does, too. */
export function isText (column: string): boolean {
  return Object.values<string>(columns).includes(column)
}

/** How a condition names fields: as columns of the table, or of the view. */
interface Names {
  columns: Record<'message' | 'process' | 'description', string>
  level: string
  /** Makes a condition on the owner of a log from one on the column of names. */
  ofUser (test: (column: string) => Preselection): Preselection
}

const tableNames: Names = {
  columns,
  level: 'log_level',
  ofUser (test) {
    const { sql, ...others } = test('username')
    return { sql: `(user_id IN (SELECT id FROM users WHERE ${sql}))`, ...others }
  }
}

const viewNames: Names = {
  columns: { message: 'message', process: 'process', description: 'description' },
  level: 'level',
  ofUser: (test) => isTrue(test('user'))
}

/**
 * The filter as a condition on rows of `user_logs`.
 *
 * It holds for every row that `matcherOf` matches; unless it is exact, it may hold for other rows, too.
 */
export function conditionOf (knex: Knex, filter: Filter): Preselection {
  const { conditions } = dialectOf(knex)
  const condition = preselect(filter, { conditions, names: tableNames }, true)
  if (conditions.goesOn === undefined) return condition
  return join([{ ...conditions.goesOn, exact: true }, condition], ' AND ', '')
}

/** The filter as a condition on rows of the view `logs`, in SQL that every client of the database runs. */
export function plainConditionOf ({ conditions }: PlainSql, filter: Filter): Preselection {
  return preselect(filter, { conditions, names: viewNames }, true)
}

/** Kinds of the filter's conditions that plain SQL cannot tell exactly. */
export function inexactKinds (plain: PlainSql, filter: Filter): Array<Leaf['kind']> {
  switch (filter.kind) {
    case 'all':
    case 'any': return [...new Set(filter.of.flatMap((part) => inexactKinds(plain, part)))]
    case 'not': return inexactKinds(plain, filter.filter)
    default: return conditionOn(filter, { conditions: plain.conditions, names: viewNames }).exact ? [] : [filter.kind]
  }
}

/** A dialect's conditions, and the names of what they are on. */
interface Writing {
  conditions: PlainConditions
  names: Names
}

/** A condition that is not exact holds for too many rows if `isWide`, for too few otherwise, as NOT needs it. */
function preselect (filter: Filter, write: Writing, isWide: boolean): Preselection {
  switch (filter.kind) {
    case 'all': return join(filter.of.map((part) => preselect(part, write, isWide)), ' AND ', '1 = 1')
    case 'any': return join(filter.of.map((part) => preselect(part, write, isWide)), ' OR ', '1 = 0')
    case 'not': {
      const { sql, ...others } = preselect(filter.filter, write, !isWide)
      return { sql: `NOT ${sql}`, ...others }
    }
    default: {
      const condition = conditionOn(filter, write)
      return condition.exact || isWide ? condition : { sql: '(1 = 0)', bindings: [], exact: false }
    }
  }
}

type Leaf = Exclude<Filter, { kind: 'all' | 'any' | 'not' }>

function conditionOn (filter: Leaf, { conditions: write, names }: Writing): Preselection {
  switch (filter.kind) {
    case 'words': return isTrue(write.words(names.columns.message, filter.pattern))
    case 'value': {
      const { field, pattern } = filter
      if (typeof field === 'string') return isTrue(write.like(names.columns[field], pattern))
      return isTrue(write.likeAttribute(field, pattern))
    }
    case 'regex': {
      const { field, source } = filter
      if (typeof field === 'string') return isTrue(write.regex(names.columns[field], source))
      return isTrue(write.regexAttribute(field, source))
    }
    case 'level': {
      const levels = filter.levels.map(() => '?').join(', ') || 'NULL'
      return isTrue({ sql: `${names.level} IN (${levels})`, bindings: filter.levels })
    }
    case 'number': {
      const { field, comparison, value } = filter
      if (field !== 'pid') return isTrue(write.number(field, comparison, value))
      return isTrue({ sql: `pid ${comparison} ?`, bindings: [Number(value)] })
    }
    case 'exists': return isTrue(write.exists(filter))
    case 'user': return names.ofUser((column) => write.like(column, filter.pattern))
  }
}

function join (conditions: readonly Preselection[], operator: string, whenEmpty: string): Preselection {
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(operator) || whenEmpty})`,
    bindings: conditions.flatMap(({ bindings }) => bindings),
    exact: conditions.every(({ exact }) => exact)
  }
}

/** The condition as true or false, never null. */
function isTrue ({ sql, bindings, exact = true }: Condition & Partial<Preselection>): Preselection {
  return { sql: `((${sql}) IS TRUE)`, bindings, exact }
}

/** Whether the filter matches every log. */
export function matchesEverything (filter: Filter): boolean {
  return filter.kind === 'all' && filter.of.length === 0
}

/** The severities that the filter matches; undefined where it depends on anything else. */
export function levelsOf (filter: Filter): readonly Severity[] | undefined {
  switch (filter.kind) {
    case 'level': return filter.levels
    case 'not': {
      const levels = levelsOf(filter.filter)
      return levels && severities.filter((level) => !levels.includes(level))
    }
    case 'all':
    case 'any': {
      const of = filter.of.map(levelsOf).filter((levels) => levels !== undefined)
      if (of.length < filter.of.length) return undefined
      const isIn = (level: Severity) => (levels: readonly Severity[]) => levels.includes(level)
      return severities.filter((level) => filter.kind === 'all' ? of.every(isIn(level)) : of.some(isIn(level)))
    }
    default: return undefined
  }
}
