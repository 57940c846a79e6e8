import type { Condition, ReadStatement } from './dialect.ts'

/** The SQL and the bindings of a statement, whichever way it was built. */
export function sqlOf (statement: ReadStatement): Condition {
  if (!('toSQL' in statement)) return statement
  const { sql, bindings } = statement.toSQL()
  return { sql, bindings }
}
