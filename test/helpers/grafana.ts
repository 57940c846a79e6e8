/** The parts of a Grafana dashboard that the tests use. */
export interface Dashboard {
  uid: string
  templating: { list: Array<{ name: string, type: string, query: string, allValue?: string }> }
  panels: Array<{ title: string, type: string, targets: Array<{ format: string, rawSql: string }> }>
}

/** The time range of a dashboard in seconds since 1970, and the length of a bucket in ms. */
export interface TimeRange {
  from: number
  to: number
  interval: number
}

/**
 * The SQL that Grafana would send: variables in its format `sqlstring`, a custom "all" as it is ({ raw }), and the macros of
 * all its SQL data sources (`Interpolate` in pkg/tsdb/mysql/sqleng). Throws at any other macro, and at calls that MySQL's
 * data source refuses.
 */
export function expandSql (sql: string, variables: Record<string, string | string[] | { raw: string }>, { from, to, interval }: TimeRange): string {
  const expanded = sql
    .replaceAll(/\$\{(\w+):sqlstring\}/g, (_, name) => sqlString(variables[name]!))
    .replaceAll('$__interval_ms', String(interval))
    .replaceAll('$__unixEpochFrom()', String(from))
    .replaceAll('$__unixEpochTo()', String(to))
  const unknown = /\$[\w{]+|\b(show\s+grants|(session_|current_|system_)?user\()/i.exec(expanded)
  if (unknown) throw new Error(`${unknown[0]} in ${expanded}`)
  return expanded
}

function sqlString (value: string | string[] | { raw: string }): string {
  if (Array.isArray(value)) return value.map(sqlString).join(',')
  return typeof value === 'string' ? `'${value.replaceAll("'", "''").replaceAll('"', '\\"')}'` : value.raw
}
