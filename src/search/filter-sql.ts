import type { Knex } from 'knex'
import type { Filter } from '../query/filter.ts'
import { severities, type Severity } from '../model/record.ts'
import type { Condition, Conditions, Preselection } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'

/** Where the fields of a record stand. */
export const columns = { message: 'log_msg', process: 'p_name', description: 'p_description' } as const

/**
 * The filter as a condition on rows of `user_logs`. It holds for all those for which `matcherOf` says so, and, unless it is
 * exact, may hold for others.
 */
export function conditionOf (knex: Knex, filter: Filter): Preselection {
  const { conditions } = dialectOf(knex)
  const condition = preselect(filter, conditions, true)
  return conditions.goesOn === undefined ? condition : join([{ ...conditions.goesOn, exact: true }, condition], ' AND ', '')
}

/** Widely: for more rows than it should, where it can't be exact; else for less, which is what NOT needs. */
function preselect (filter: Filter, write: Conditions, widely: boolean): Preselection {
  switch (filter.kind) {
    case 'all': return join(filter.of.map((part) => preselect(part, write, widely)), ' AND ', '1 = 1')
    case 'any': return join(filter.of.map((part) => preselect(part, write, widely)), ' OR ', '1 = 0')
    case 'not': {
      const { sql, ...others } = preselect(filter.filter, write, !widely)
      return { sql: `NOT ${sql}`, ...others }
    }
    default: {
      const condition = conditionOn(filter, write)
      return condition.exact || widely ? condition : { sql: '(1 = 0)', bindings: [], exact: false }
    }
  }
}

type Leaf = Exclude<Filter, { kind: 'all' | 'any' | 'not' }>

function conditionOn (filter: Leaf, write: Conditions): Preselection {
  switch (filter.kind) {
    case 'words': return isTrue(write.words('log_msg', filter.pattern))
    case 'value': return isTrue(typeof filter.field === 'string' ? write.like(columns[filter.field], filter.pattern) : write.likeAttribute(filter.field, filter.pattern))
    case 'regex': return isTrue(typeof filter.field === 'string' ? write.regex(columns[filter.field], filter.source) : write.regexAttribute(filter.field, filter.source))
    case 'level': return { sql: `log_level IN (${filter.levels.map(() => '?').join(', ') || 'NULL'}) IS TRUE`, bindings: filter.levels, exact: true }
    case 'number': {
      const { field, comparison, value } = filter
      return isTrue(field === 'pid' ? { sql: `pid ${comparison} ?`, bindings: [Number(value)] } : write.number(field, comparison, value))
    }
    case 'exists': return isTrue(write.exists(filter))
    case 'user': {
      const { sql, ...others } = write.like('username', filter.pattern)
      return { sql: `(user_id IN (SELECT id FROM users WHERE ${sql}))`, ...others }
    }
  }
}

function join (conditions: readonly Preselection[], between: string, none: string): Preselection {
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(between) || none})`,
    bindings: conditions.flatMap(({ bindings }) => bindings),
    exact: conditions.every(({ exact }) => exact)
  }
}

/** True or false, never null. */
function isTrue ({ sql, bindings, exact = true }: Condition & Partial<Preselection>): Preselection {
  return { sql: `((${sql}) IS TRUE)`, bindings, exact }
}

/** The severities whose logs are just those for which the filter holds; undefined where it is about anything else, too. */
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
      return severities.filter((level) => filter.kind === 'all' ? of.every((levels) => levels.includes(level)) : of.some((levels) => levels.includes(level)))
    }
    default: return undefined
  }
}
