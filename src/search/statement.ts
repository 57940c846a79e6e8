import type { Knex } from 'knex'
import type { Filter } from '../query/filter.ts'
import type { Search } from '../query/search.ts'
import type { Condition, PlainSql } from '../store/dialects/dialect.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { inexactKinds, matchesEverything, plainConditionOf } from './filter-sql.ts'
import { viewCondition } from './view.ts'

/** A search as SQL on the view `logs`, with literals, for any client of the database. */
export interface Statement {
  sql: string
  dialect: PlainSql['dialect']
  /** Kinds of conditions for which it finds more logs than the search; none where it finds the same. */
  inexact: Array<Filter['kind']>
}

/** Writes the statement that finds the logs of a search, and where it cannot tell, more. */
export function statementOf (
  knex: Knex, { filter, userId, from, to, order, view }: Omit<Search, 'after'>, maxRows: number
): Statement {
  const { plainSql } = dialectOf(knex)
  const conditions: Condition[] = [
    ...userId === undefined ? [] : [{ sql: 'user_id = ?', bindings: [userId] }],
    ...from === undefined ? [] : [{ sql: 'at >= ?', bindings: [from] }],
    ...to === undefined ? [] : [{ sql: 'at < ?', bindings: [to] }],
    ...viewCondition(view),
    ...matchesEverything(filter) ? [] : [plainConditionOf(plainSql, filter)]
  ]
  const direction = order === 'newest' ? ' DESC' : ''
  return {
    dialect: plainSql.dialect,
    sql: [
      'SELECT id, user, at, level, process, pid, description, message, posted, attributes',
      'FROM logs',
      ...conditions.map((condition, index) => (
        `${index === 0 ? 'WHERE' : '  AND'} ${withLiterals(plainSql, condition)}`
      )),
      `ORDER BY at${direction}, id${direction}`,
      `LIMIT ${maxRows}`
    ].join('\n'),
    inexact: inexactKinds(plainSql, filter)
  }
}

/** No condition has a question mark but in place of its bindings. */
function withLiterals ({ literal }: PlainSql, { sql, bindings }: Condition): string {
  const parts = sql.replaceAll(/\s+/g, ' ').split('?')
  if (parts.length !== bindings.length + 1) throw new Error('a condition lacks a binding')
  return parts.map((part, index) => {
    const value = bindings[index]
    if (index === parts.length - 1) return part
    return `${part}${typeof value === 'string' ? literal(value) : String(value)}`
  }).join('')
}
