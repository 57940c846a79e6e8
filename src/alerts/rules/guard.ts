// Which logs of a user the database must give, so that no rule misses one: few conditions, which it decides fast.
import type { Knex } from 'knex'
import { severities, type Severity } from '../../model/record.ts'
import type { Filter, Pattern } from '../../query/filter.ts'
import { columns, levelsOf } from '../../search/filter-sql.ts'
import type { Condition } from '../../store/dialects/dialect.ts'
import { dialectOf } from '../../store/dialects/index.ts'

/** Conditions on processes in one statement; beyond them whole levels are read. */
const maxProcesses = 20
/** What is grouped, whatever the rules say. */
const groupedLevels: readonly Severity[] = ['error', 'critical']

/** Logs that may match a filter, by their level and, where all of them have one, their process. */
export interface LogGuard {
  levels: readonly Severity[]
  process: Pattern | undefined
}

export const errorsAlone: Condition = { sql: 'log_level IN (?, ?)', bindings: [...groupedLevels] }

/** The guard of a filter. */
export function guardOf (filter: Filter): LogGuard {
  const parts = filter.kind === 'all' ? filter.of : [filter]
  const ofParts = parts.map(levelsOf).filter((levels) => levels !== undefined)
  const named = parts.find((part) => part.kind === 'value' && part.field === 'process')
  return {
    levels: severities.filter((level) => ofParts.every((levels) => levels.includes(level))),
    process: named?.kind === 'value' ? named.pattern : undefined
  }
}

/** The condition on the logs of a user that pass any of the guards, or are grouped. */
export function conditionOfGuards (knex: Knex, guards: readonly LogGuard[]): Condition {
  const named = guards.filter(({ process }) => process !== undefined)
  const isBounded = named.length <= maxProcesses
  const whole = guards.filter(({ process }) => process === undefined || !isBounded)
  const levels = new Set([...groupedLevels, ...whole.flatMap((guard) => guard.levels)])
  if (levels.size === severities.length) return { sql: '1 = 1', bindings: [] }
  const conditions = [levelsIn([...levels]), ...isBounded ? named.map((guard) => ofProcess(knex, guard)) : []]
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(' OR ')})`,
    bindings: conditions.flatMap(({ bindings }) => bindings)
  }
}

function levelsIn (levels: readonly Severity[]): Condition {
  return { sql: `log_level IN (${levels.map(() => '?').join(', ') || 'NULL'})`, bindings: [...levels] }
}

function ofProcess (knex: Knex, { levels, process }: LogGuard): Condition {
  const level = levelsIn(levels)
  if (process === undefined) return level
  const like = dialectOf(knex).conditions.like(columns.process, process)
  return { sql: `(${level.sql} AND ${like.sql})`, bindings: [...level.bindings, ...like.bindings] }
}
