import type { Knex } from 'knex'
import type { Field, Filter } from '../query/filter.ts'
import { severities, type Severity } from '../record.ts'
import type { Condition, Conditions } from './dialects/dialect.ts'
import { dialectOf } from './dialects/index.ts'

/** Where the fields of a record stand. */
export const columns = { message: 'log_msg', process: 'p_name', description: 'p_description' } as const

/** The filter as a condition on rows of `user_logs`: holds for those for which `matcherOf` says so. */
export function conditionOf (knex: Knex, filter: Filter): Condition {
  return toCondition(filter, dialectOf(knex).conditions)
}

function toCondition (filter: Filter, write: Conditions): Condition {
  switch (filter.kind) {
    case 'all': return join(filter.of, ' AND ', '1 = 1', write)
    case 'any': return join(filter.of, ' OR ', '1 = 0', write)
    case 'not': {
      const { sql, bindings } = toCondition(filter.filter, write)
      return { sql: `NOT ${sql}`, bindings }
    }
    case 'words': return isTrue(write.words('log_msg', filter.pattern))
    case 'value': return onText(filter.field, write, (text) => write.like(text, filter.pattern))
    case 'regex': return onText(filter.field, write, (text) => write.regex(text, filter.source))
    case 'level': return { sql: `log_level IN (${filter.levels.map(() => '?').join(', ') || 'NULL'}) IS TRUE`, bindings: filter.levels }
    case 'number': {
      const number = filter.field === 'pid' ? { sql: 'pid', bindings: [] } : write.number(filter.field)
      return isTrue({ sql: `${number.sql} ${filter.comparison} ?`, bindings: [...number.bindings, filter.value] })
    }
    case 'exists': return isTrue(write.exists(filter))
    case 'user': {
      const { sql, bindings } = write.like({ sql: 'username', bindings: [] }, filter.pattern)
      return { sql: `(user_id IN (SELECT id FROM users WHERE ${sql}))`, bindings }
    }
  }
}

function join (of: readonly Filter[], between: string, none: string, write: Conditions): Condition {
  const conditions = of.map((filter) => toCondition(filter, write))
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(between) || none})`,
    bindings: conditions.flatMap(({ bindings }) => bindings)
  }
}

function onText (field: Field, write: Conditions, test: (text: Condition) => Condition): Condition {
  return isTrue(test(typeof field === 'string' ? { sql: columns[field], bindings: [] } : write.text(field)))
}

function isTrue ({ sql, bindings }: Condition): Condition {
  return { sql: `((${sql}) IS TRUE)`, bindings }
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
