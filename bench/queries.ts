import { wanted, type History } from './history.ts'

/** One query of a reader, over HTTP and as plain SQL. */
export interface Query {
  title: string
  path: string
  /** Searches the logs of all users, with the API key. */
  allUsers?: boolean
  sql: string
  /** Goal in ms: for the 99th percentile of queries that are `often`, for the median of others. */
  goal: number
  often?: boolean
  /** Reads more logs than the default time of a search allows, in a large table. */
  isPartial?: boolean
  /** The word for `rg` in the file. */
  grep?: string
}

const day = 86_400_000

/** The measured queries. Their SQL works on both databases, with the service's own columns. */
export function queriesOf ({ from, to }: History, dialect: { hour: string, holds: (text: string) => string }): Query[] {
  const columns = 'id, user_id, log_event_at, log_level, pid, p_name, p_description, log_msg, post_time, attributes'
  const newest = 'ORDER BY user_id DESC, log_event_at DESC, id DESC LIMIT 100'
  const time = (at: number) => `'${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}.000000'`
  const since = (at: number) => `user_id = 1 AND log_event_at >= ${time(at)}`
  const within = (from: number, to: number) => `${since(from)} AND log_event_at < ${time(to)}`
  const page = (where: string) => `SELECT ${columns} FROM user_logs WHERE ${where} ${newest}`
  const pageOfAll = (text: string) => `SELECT ${columns} FROM user_logs WHERE ${dialect.holds(text)} ORDER BY log_event_at DESC, id DESC LIMIT 100`
  const histogram = (from: number) => `SELECT ${dialect.hour} AS hour, log_level, COUNT(*) FROM user_logs WHERE ${within(from, to)} GROUP BY 1, 2`
  const path = (suffix: string, parameters: Record<string, string | number>) => {
    const values = Object.entries(parameters).map(([name, value]): [string, string] =>
      [name, typeof value === 'number' ? new Date(value).toISOString() : value])
    return `/api/logs${suffix}${suffix.includes('?') ? '&' : '?'}${new URLSearchParams(values)}`
  }
  const middle = from + (to - from) / 2
  const month = to - 30 * day
  const part = `*${wanted.part}*`
  const attributes = ['$.http.status', '$.http.method', '$.host'].map((path) => `JSON_EXTRACT(attributes, '${path}')`).join(', ')

  return [
    { title: 'newest 100 of a user', path: path('', {}), sql: page('user_id = 1'), goal: 10, often: true },
    { title: 'a page from the middle of history', path: path('', { to: middle }), sql: page(within(from, middle)), goal: 10, often: true },
    { title: 'the oldest 100', path: path('', { order: 'oldest' }), sql: `SELECT ${columns} FROM user_logs WHERE user_id = 1 ORDER BY user_id, log_event_at, id LIMIT 100`, goal: 10, often: true },
    { title: 'errors of the last 24 h, newest 100', path: path('', { query: 'level:>=error', from: to - day, to }), sql: page(`${within(to - day, to)} AND log_level IN ('error', 'critical')`), goal: 10, often: true },
    { title: 'first 100 matches of a common word', path: path('', { query: wanted.common }), sql: page(`user_id = 1 AND ${dialect.holds(wanted.common)}`), goal: 20, often: true, grep: wanted.common },
    { title: "one user's day searched for a part of a word", path: path('', { query: part, from: to - day, to }), sql: page(`${within(to - day, to)} AND ${dialect.holds(wanted.part)}`), goal: 50 },
    { title: 'histogram by hour and level, 7 days', path: path('/histogram', { interval: '1h', by: 'level', from: to - 7 * day, to }), sql: histogram(to - 7 * day), goal: 150 },
    { title: 'histogram by hour and level, 30 days', path: path('/histogram', { interval: '1h', by: 'level', from: month, to }), sql: histogram(month), goal: 50 },
    { title: 'count of all logs of a user', path: path('/count', {}), sql: 'SELECT COUNT(*) FROM user_logs WHERE user_id = 1', goal: 100 },
    { title: 'count of a rare word, all logs of a user', path: path('/count', { query: wanted.rare }), sql: `SELECT COUNT(*) FROM user_logs WHERE user_id = 1 AND ${dialect.holds(wanted.rare)}`, goal: 300 },
    { title: 'facets of level, process, description and pid, a day of a user', path: path('/facets?field=level&field=process&field=description&field=pid', { from: to - day, to }), sql: `SELECT log_level, p_name, p_description, pid, COUNT(*) FROM user_logs WHERE ${within(to - day, to)} GROUP BY 1, 2, 3, 4`, goal: 150 },
    { title: 'facets of level, process and three attributes, a day of a user', path: path('/facets?field=level&field=process&field=http.status&field=http.method&field=host', { from: to - day, to }), sql: `SELECT log_level, p_name, ${attributes}, COUNT(*) FROM user_logs WHERE ${within(to - day, to)} GROUP BY 1, 2, 3, 4, 5`, goal: 150 },
    { title: 'facets of five fields, all logs of a user', path: path('/facets?field=level&field=process&field=description&field=pid&field=host', {}), sql: 'SELECT log_level, p_name, p_description, pid, JSON_EXTRACT(attributes, \'$.host\'), COUNT(*) FROM user_logs WHERE user_id = 1 GROUP BY 1, 2, 3, 4, 5', goal: 5500, isPartial: true },
    { title: 'names of attributes, all logs of a user', path: path('/fields', {}), sql: 'SELECT attributes FROM user_logs WHERE user_id = 1 ORDER BY user_id DESC, log_event_at DESC, id DESC LIMIT 6000', goal: 150 },
    { title: 'statistics of a number, a day of a user', path: path('/stats?field=latency', { from: to - day, to }), sql: `SELECT COUNT(*), MIN(n), MAX(n), AVG(n) FROM (SELECT JSON_EXTRACT(attributes, '$.latency') AS n FROM user_logs WHERE ${within(to - day, to)}) AS numbers`, goal: 150 },
    { title: 'a part of a word, 30 days of a user', path: path('', { query: part, from: month, to }), sql: page(`${within(month, to)} AND ${dialect.holds(wanted.part)}`), goal: 830 },
    { title: 'a part of a word, all rows of all users', path: path('', { query: part }), sql: pageOfAll(wanted.part), allUsers: true, goal: 4900, grep: wanted.part },
    { title: 'a rare word, 30 days of a user', path: path('', { query: wanted.rare, from: month, to }), sql: page(`${within(month, to)} AND ${dialect.holds(wanted.rare)}`), goal: 300 },
    { title: 'a rare word, all rows of all users', path: path('', { query: wanted.rare }), sql: pageOfAll(wanted.rare), allUsers: true, goal: 300, grep: wanted.rare },
    { title: 'a word that does not occur, all rows', path: path('', { query: 'xylophone7' }), sql: pageOfAll('xylophone7'), allUsers: true, goal: 300, grep: 'xylophone7' }
  ]
}
